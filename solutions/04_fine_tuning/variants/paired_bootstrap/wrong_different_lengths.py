# Wrong: rows past the end of the shorter one are dropped.
# Says: stops at the shorter one
import numpy as np


def paired_bootstrap(correct_a, correct_b, draws=2000, seed=0) -> tuple[float, float, float]:
    if len(correct_a) == 0 or len(correct_b) == 0:
        raise ValueError("correct_a and correct_b must have rows")
    gains = np.array([int(b) - int(a) for a, b in zip(correct_a, correct_b, strict=False)])
    rows = np.random.default_rng(seed).integers(len(gains), size=(draws, len(gains)))
    lower, upper = np.percentile(gains[rows].mean(axis=1), [2.5, 97.5])
    return float(gains.mean()), float(lower), float(upper)
