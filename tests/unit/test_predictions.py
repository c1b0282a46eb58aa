"""Predictions are graded by the copy of the data with which they agree best."""

import numpy as np
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features

from grading.judging.predictions import share_of_points
from grading.judging.testing import Failure

TRUTH = {"hub": [0, 1, 1, 0, 2, 2], "embedded": [2, 2, 0, 1, 0, 1]}


def copy_of(labels):
    features = Features({"label": ClassLabel(names=["calm", "glad", "cross"])})
    return DatasetDict(test=Dataset.from_dict({"label": labels}, features))


@pytest.fixture
def copies():
    """Return two copies with test splits of three classes; a test may remove some of them."""
    return {source: copy_of(labels) for source, labels in TRUTH.items()}


def share(predicted, copies):
    def accuracy(truth, guess):
        return np.mean(truth == guess)

    return share_of_points(
        predicted, "mine", copies, accuracy, (0.5, 1.0), (0.9, 0.99), "another order"
    )


def test_share_is_that_of_the_copy_that_fits_by_its_own_thresholds(copies):
    assert share(np.array(TRUTH["hub"]), copies) == 1.0
    assert share(np.array(TRUTH["embedded"]), copies) == 1.0
    assert share(np.array([0, 1, 1, 0, 0, 0]), copies) == 0.5


def test_a_copy_that_is_not_available_does_not_count(copies):
    del copies["hub"]
    with pytest.raises(Failure, match=r"is 0\.167; points begin at 0\.9\. Likely: another order"):
        share(np.array([0, 1, 1, 0, 0, 0]), copies)


def test_without_any_copy_the_machine_is_at_fault(copies):
    copies.clear()
    with pytest.raises(FileNotFoundError, match="mine"):
        share(np.array([0, 1]), copies)


@pytest.mark.parametrize(
    ("predicted", "message"),
    [
        ([0, 1, 1, 0, 2, 2], "must be a NumPy array, not a list"),
        (np.zeros(6), "must hold integers, not float64"),
        (np.zeros(5, dtype=int), r"shape must be \(6,\), not \(5,\)"),
        (np.array([0, 1, 1, 0, 2, 3]), "run from 0 to 2, not from 0 to 3"),
    ],
)
def test_an_invalid_prediction_is_refused_with_the_reason(copies, predicted, message):
    with pytest.raises(Failure, match=message):
        share(predicted, copies)


@pytest.mark.parametrize(
    "dtype", ["timedelta64[ns]", "timedelta64[7D]", "datetime64[s]", "S1", "U1", "bool", "object"]
)
def test_types_that_numpy_takes_for_integers_are_refused(copies, dtype):
    """In NumPy's hierarchy of types, spans of time are integers."""
    with pytest.raises(Failure, match="must hold integers, not"):
        share(np.array(TRUTH["hub"]).astype(dtype), copies)
