# Wrong: a Series is read by its index.
# Says: Rows belong together by their place.
import numpy as np


def paired_bootstrap(correct_a, correct_b, draws=2000, seed=0) -> tuple[float, float, float]:
    if len(correct_a) != len(correct_b) or len(correct_a) == 0:
        raise ValueError("correct_a and correct_b must have the same number of rows, at least one")
    count = len(correct_a)
    gains = np.array([int(correct_b[row]) - int(correct_a[row]) for row in range(count)])
    rows = np.random.default_rng(seed).integers(count, size=(draws, count))
    lower, upper = np.percentile(gains[rows].mean(axis=1), [2.5, 97.5])
    return float(gains.mean()), float(lower), float(upper)
