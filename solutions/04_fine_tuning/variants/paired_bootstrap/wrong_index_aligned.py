# Wrong: pandas matches rows by their index.
# Says: Rows belong together by their place.
import numpy as np
import pandas as pd


def paired_bootstrap(correct_a, correct_b, draws=2000, seed=0) -> tuple[float, float, float]:
    a, b = pd.Series(correct_a, dtype=float), pd.Series(correct_b, dtype=float)
    if len(a) != len(b) or len(a) == 0:
        raise ValueError("correct_a and correct_b must have the same number of rows, at least one")
    gains = (b - a).to_numpy()
    rows = np.random.default_rng(seed).integers(len(gains), size=(draws, len(gains)))
    lower, upper = np.percentile(gains[rows].mean(axis=1), [2.5, 97.5])
    return float(gains.mean()), float(lower), float(upper)
