"""Grade predictions for a test split by their score."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from grading.judging.testing import Failure, that

if TYPE_CHECKING:
    from datasets import DatasetDict

Thresholds = tuple[float, ...]
"""Scores, lowest first; reaching each of them earns one more equal part of the points."""


def share_of_points(
    predicted: Any,
    exercise: str,
    copies: Mapping[str, DatasetDict],
    score: Callable[[np.ndarray, np.ndarray], float],
    real: Thresholds,
    embedded: Thresholds,
    likely: str,
) -> float:
    """Return the share of the points that predictions earn on a dataset's test split.

    A notebook uses the first copy of the data that it finds. Predictions for one copy do not fit
    another copy's labels, so the copy that they fit best is the one that counts.

    Parameters
    ----------
    predicted : object
        Should be an array of label ids, shape (rows of the test split,).
    exercise : str
        Its name, for messages.
    copies : mapping of str to DatasetDict
        By source, from `helpers.data.copies_at_hand`. The embedded copy is a replacement; all
        others are the dataset itself.
    score : callable
        Takes true labels and predictions, arrays of one shape, and returns the score.
    real, embedded : Thresholds
        For the dataset itself and for its embedded replacement; both have the same length.
    likely : str
        The likely mistake if no points are earned.

    Raises
    ------
    Failure
        If these are not valid predictions, or earn no points.
    FileNotFoundError
        If no copy of the dataset is available, which is a fault of the grader's machine.
    """
    that(
        isinstance(predicted, np.ndarray),
        f"{exercise} must be a NumPy array, not a {type(predicted).__name__}.",
    )
    that(
        # By kind, because in NumPy's class hierarchy a timedelta is an integer, too.
        predicted.dtype.kind in "iu",
        f"{exercise} must hold integers, not {predicted.dtype}.",
    )
    if not copies:
        raise FileNotFoundError(f"no copy of the data of {exercise} is available on this machine")
    tests = {source: dataset["test"] for source, dataset in copies.items()}
    truths = {source: np.array(test["label"][:]) for source, test in tests.items()}
    fitting = {source: truth for source, truth in truths.items() if truth.shape == predicted.shape}
    if not fitting:
        rows = min(len(truth) for truth in truths.values())
        raise Failure(f"The shape must be ({rows},), not {predicted.shape}.")
    classes = max(test.features["label"].num_classes for test in tests.values())
    low, high = int(predicted.min()), int(predicted.max())
    that(
        low >= 0 and high < classes,
        f"Label ids run from 0 to {classes - 1}, not from {low} to {high}.",
    )
    tried = []
    for source, truth in fitting.items():
        thresholds = embedded if source == "embedded" else real
        reached = score(truth, predicted)
        tried.append((np.mean(reached >= np.array(thresholds)), reached, thresholds[0]))
    share, reached, first = max(tried)
    if share == 0.0:
        raise Failure(
            f"The score on the test split is {reached:.3f}; points begin at {first}. "
            f"Likely: {likely}."
        )
    return float(share)
