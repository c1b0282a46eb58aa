"""Intervals of the mean F1, and of the difference between two sets of predictions."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from helpers.intervals import gain_interval, mean_f1_interval


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    labels, guesses = rng.integers(3, size=(2, 200))
    weak = np.where(rng.random(200) < 0.4, labels, guesses)
    strong = np.where(rng.random(200) < 0.8, labels, weak)
    return labels, weak, strong


def test_value_is_scikit_learn_s_and_lies_within_the_interval(rows):
    labels, weak, _ = rows
    value, lower, upper = mean_f1_interval(labels, weak, classes=[1, 2])
    assert value == pytest.approx(f1_score(labels, weak, labels=[1, 2], average="macro"))
    assert lower < value < upper


def test_class_that_neither_occurs_nor_is_predicted_counts_zero():
    value, *_ = mean_f1_interval([2, 2, 0], [2, 2, 0], classes=[1, 2])
    assert value == 0.5


def test_gain_is_the_difference_of_the_two_scores(rows):
    labels, weak, strong = rows
    before = mean_f1_interval(labels, weak, classes=[1, 2])[0]
    after = mean_f1_interval(labels, strong, classes=[1, 2])[0]
    assert gain_interval(labels, weak, strong, classes=[1, 2])[0] == pytest.approx(after - before)


def test_gain_of_equal_predictions_is_zero_with_certainty(rows):
    labels, weak, _ = rows
    assert gain_interval(labels, weak, weak, classes=[1, 2]) == (0.0, 0.0, 0.0)


def test_interval_is_the_same_for_the_same_seed(rows):
    labels, weak, _ = rows
    first = mean_f1_interval(labels, weak, classes=[1])
    assert first == mean_f1_interval(labels, weak, classes=[1])
    assert first != mean_f1_interval(labels, weak, classes=[1], seed=1)
