"""Predictions are graded against the copy of the data that they fit best."""

import numpy as np
import pytest

from grading import predictions
from grading.testing import Failure
from helpers.sources import SourceError

TRUTH = {"hub": [0, 1, 1, 0, 2, 2], "embedded": [2, 2, 0, 1, 0, 1]}


class Copy:
    """A dataset's copy with a test split of three classes."""

    def __init__(self, labels):
        self.labels = labels

    def __getitem__(self, key):
        return self if key == "test" else self.labels

    @property
    def features(self):
        return {"label": type("ClassLabel", (), {"num_classes": 3})}


@pytest.fixture
def at_hand(monkeypatch):
    """Return the copies at hand, by source; a test may take some away."""
    copies = dict(TRUTH)

    def load(name, source):
        if source not in copies:
            raise SourceError(f"no {name} there")
        return Copy(copies[source])

    monkeypatch.setattr(predictions, "load", load)
    return copies


def share(predicted):
    def accuracy(truth, guess):
        return np.mean(truth == guess)

    return predictions.share_of_points(
        predicted, "mine", "emotion", accuracy, (0.5, 1.0), (0.9, 0.99), "another order"
    )


def test_share_is_that_of_the_copy_that_fits_by_its_own_thresholds(at_hand):
    assert share(np.array(TRUTH["hub"])) == 1.0
    assert share(np.array(TRUTH["embedded"])) == 1.0
    assert share(np.array([0, 1, 1, 0, 0, 0])) == 0.5


def test_a_copy_that_is_not_at_hand_does_not_count(at_hand):
    del at_hand["hub"]
    with pytest.raises(Failure, match=r"is 0\.167; points begin at 0\.9\. Likely: another order"):
        share(np.array([0, 1, 1, 0, 0, 0]))


def test_without_any_copy_the_machine_is_at_fault(at_hand):
    at_hand.clear()
    with pytest.raises(FileNotFoundError, match="emotion"):
        share(np.array([0, 1]))


@pytest.mark.parametrize(
    ("predicted", "message"),
    [
        ([0, 1, 1, 0, 2, 2], "must be a NumPy array, not a list"),
        (np.zeros(6), "must hold integers, not float64"),
        (np.zeros(5, dtype=int), r"shape must be \(6,\), not \(5,\)"),
        (np.array([0, 1, 1, 0, 2, 3]), "run from 0 to 2, not from 0 to 3"),
    ],
)
def test_what_is_no_prediction_says_why(at_hand, predicted, message):
    with pytest.raises(Failure, match=message):
        share(predicted)
