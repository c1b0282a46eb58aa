# Wrong: never more than 2,000 draws.
import numpy as np


def paired_bootstrap(correct_a, correct_b, draws=2000, seed=0) -> tuple[float, float, float]:
    a, b = np.asarray(correct_a, dtype=float), np.asarray(correct_b, dtype=float)
    if len(a) != len(b) or len(a) == 0:
        raise ValueError("correct_a and correct_b must have the same number of rows, at least one")
    gains = b - a
    rows = np.random.default_rng(seed).integers(len(gains), size=(min(draws, 2000), len(gains)))
    differences = gains[rows].mean(axis=1)
    lower, upper = np.percentile(differences, [2.5, 97.5])
    return float(gains.mean()), float(lower), float(upper)
