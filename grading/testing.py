"""What hidden tests import: the public face of `grading.judging.testing`."""

from grading.inside.answer import AnswerError
from grading.judging import awkward
from grading.judging.testing import (
    COARSE,
    FLOAT32,
    FLOAT64,
    Failure,
    Parts,
    also_grades,
    close,
    equal,
    grades,
    has_json_type,
    has_type,
    left_alone,
    names_one_of,
    raises,
    same_frame,
    that,
    unchanged,
)

__all__ = [
    "COARSE",
    "FLOAT32",
    "FLOAT64",
    "AnswerError",
    "Failure",
    "Parts",
    "also_grades",
    "awkward",
    "close",
    "equal",
    "grades",
    "has_json_type",
    "has_type",
    "left_alone",
    "names_one_of",
    "raises",
    "same_frame",
    "that",
    "unchanged",
]
