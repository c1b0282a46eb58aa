# Wrong: rows are drawn for a and for b separately.
# Says: Are the rows of a and b drawn separately?
import numpy as np


def paired_bootstrap(correct_a, correct_b, draws=2000, seed=0) -> tuple[float, float, float]:
    a, b = np.asarray(correct_a, dtype=float), np.asarray(correct_b, dtype=float)
    if len(a) != len(b) or len(a) == 0:
        raise ValueError("correct_a and correct_b must have the same number of rows, at least one")
    gains = b - a
    rng = np.random.default_rng(seed)
    rows_a = rng.integers(len(a), size=(draws, len(a)))
    rows_b = rng.integers(len(b), size=(draws, len(b)))
    differences = b[rows_b].mean(axis=1) - a[rows_a].mean(axis=1)
    lower, upper = np.percentile(differences, [2.5, 97.5])
    return float(gains.mean()), float(lower), float(upper)
