"""What hidden tests import: the public face of `grading.judging.testing`."""

from grading.judging.testing import (
    COARSE,
    FLOAT32,
    FLOAT64,
    AnswerError,
    Failure,
    Parts,
    close,
    equal,
    grades,
    has_type,
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
    "close",
    "equal",
    "grades",
    "has_type",
    "raises",
    "same_frame",
    "that",
    "unchanged",
]
