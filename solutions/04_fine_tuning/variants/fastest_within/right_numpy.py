# Right: arrays and lexsort, whose last key counts first; the name is NumPy's.
import numpy as np
import pandas as pd


def fastest_within(trials: pd.DataFrame, tolerance=0.005) -> str:
    f1, seconds = trials["f1"].to_numpy(), trials["seconds"].to_numpy(dtype=float)
    too_low = f1 < f1.max() - tolerance
    best = np.lexsort((np.arange(len(f1)), -f1, seconds, too_low))[0]
    return np.str_(trials["name"].to_numpy()[best])
