"""Scores of a classifier, each with an interval that reflects the size of the test set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def bootstrap_scores(
    labels: Sequence[int],
    predicted: Sequence[int],
    num_classes: int,
    draws: int = 2000,
    seed: int = 0,
) -> dict[str, tuple[float, float, float]]:
    """Return accuracy, weighted F1 and macro-F1, each with its bootstrap 95 % interval.

    Drawing rows with replacement only changes how often each pair of true and predicted label
    occurs. So whole confusion matrices are drawn at once, which is much faster.

    Parameters
    ----------
    labels, predicted : sequence of int, same length
        Ids from 0 to ``num_classes - 1``.
    num_classes, draws, seed : int

    Returns
    -------
    dict of str to (value, lower, upper)
        Keys ``accuracy``, ``weighted_f1`` and ``macro_f1``; the last averages over the classes
        that occur in `labels` or `predicted`, as scikit-learn does.
    """
    import numpy as np

    pairs = np.asarray(labels) * num_classes + np.asarray(predicted)
    counts = np.bincount(pairs, minlength=num_classes**2)
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(len(pairs), counts / len(pairs), size=draws)
    values = _scores(np.concatenate([counts[None], drawn]).reshape(-1, num_classes, num_classes))
    return {
        name: (float(column[0]), *map(float, np.quantile(column[1:], [0.025, 0.975])))  # type: ignore[misc]  # two quantiles
        for name, column in values.items()
    }


def _scores(matrices: np.ndarray) -> dict[str, np.ndarray]:
    """Return the scores of confusion matrices, shape (matrices, true class, predicted class)."""
    import numpy as np

    right = np.diagonal(matrices, axis1=1, axis2=2)
    true, predicted = matrices.sum(axis=2), matrices.sum(axis=1)
    present = (true + predicted) > 0
    f1 = 2 * right / np.maximum(true + predicted, 1)
    rows = matrices.sum(axis=(1, 2))
    return {
        "accuracy": right.sum(axis=1) / rows,
        "weighted_f1": (f1 * true).sum(axis=1) / rows,
        "macro_f1": (f1 * present).sum(axis=1) / present.sum(axis=1),
    }
