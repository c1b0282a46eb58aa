"""Intervals for the mean F1 of chosen classes, and for the gain of one classifier over another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def mean_f1_interval(
    labels: Sequence[int],
    predicted: Sequence[int],
    classes: Sequence[int],
    draws: int = 2000,
    seed: int = 0,
) -> tuple[float, float, float]:
    """Return the mean F1 of some classes with its bootstrap 95 % interval.

    Parameters
    ----------
    labels, predicted : sequence of int, same length
    classes : sequence of int
        The classes to average over; a class that neither occurs nor is predicted counts as 0.
    draws, seed : int

    Returns
    -------
    value, lower, upper : float
    """
    values = _drawn(labels, [predicted], classes, draws, seed)[0]
    return _summary(values)


def gain_interval(
    labels: Sequence[int],
    before: Sequence[int],
    after: Sequence[int],
    classes: Sequence[int],
    draws: int = 2000,
    seed: int = 0,
) -> tuple[float, float, float]:
    """Return how much the mean F1 grows from one set of predictions to another, with its interval.

    Both are scored on the same drawn rows. Whether those rows are easy or hard affects both alike
    and cancels out, so the interval is narrower than two separate intervals suggest.

    Parameters and result as in `mean_f1_interval`.
    """
    old, new = _drawn(labels, [before, after], classes, draws, seed)
    return _summary(new - old)


def _summary(values: np.ndarray) -> tuple[float, float, float]:
    """Return the score on all rows, which comes first in `values`, and quantiles of the others."""
    import numpy as np

    return (float(values[0]), *map(float, np.quantile(values[1:], [0.025, 0.975])))  # type: ignore[return-value]  # two quantiles


def _drawn(
    labels: Sequence[int],
    several: Sequence[Sequence[int]],
    classes: Sequence[int],
    draws: int,
    seed: int,
) -> np.ndarray:
    """Score each set of predictions on all rows, then on drawn rows: shape (sets, 1 + draws)."""
    import numpy as np

    labels = np.asarray(labels)
    rng = np.random.default_rng(seed)
    # How often each row is drawn; in the first row of `counts`, each exactly once.
    counts = rng.multinomial(len(labels), np.full(len(labels), 1 / len(labels)), size=draws)
    counts = np.concatenate([np.ones((1, len(labels)), dtype=counts.dtype), counts])
    scores = []
    for predicted in map(np.asarray, several):
        by_class = []
        for wanted in classes:
            hits = counts @ ((labels == wanted) & (predicted == wanted)).astype(int)
            total = counts @ ((labels == wanted).astype(int) + (predicted == wanted))
            by_class.append(2 * hits / np.maximum(total, 1))
        scores.append(np.mean(by_class, axis=0))
    return np.stack(scores)
