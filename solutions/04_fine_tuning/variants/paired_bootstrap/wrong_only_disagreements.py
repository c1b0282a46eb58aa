# Wrong: only rows on which the models differ are drawn again.
import numpy as np


def paired_bootstrap(correct_a, correct_b, draws=2000, seed=0) -> tuple[float, float, float]:
    a, b = np.asarray(correct_a, dtype=float), np.asarray(correct_b, dtype=float)
    if len(a) != len(b) or len(a) == 0:
        raise ValueError("correct_a and correct_b must have the same number of rows, at least one")
    gains = b - a
    differing = gains[gains != 0] if gains.any() else gains[:1]
    rng = np.random.default_rng(seed)
    rows = rng.integers(len(differing), size=(draws, len(differing)))
    differences = differing[rows].sum(axis=1) / len(gains)
    lower, upper = np.percentile(differences, [2.5, 97.5])
    return float(gains.mean()), float(lower), float(upper)
