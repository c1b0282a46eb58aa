# Right: rows that b gains, then those it loses, are drawn; quantiles of the standard library.
from statistics import quantiles

import numpy as np
import pandas as pd


def paired_bootstrap(correct_a, correct_b, draws=2000, seed=0) -> tuple[float, float, float]:
    a, b = pd.Series(list(correct_a), dtype=float), pd.Series(list(correct_b), dtype=float)
    if len(a) != len(b):
        raise ValueError(f"got {len(a)} and {len(b)} rows")
    if a.empty:
        raise ValueError("both are empty")
    gains = b - a
    won, lost = (gains > 0).mean(), (gains < 0).mean()
    rng = np.random.default_rng(seed)
    wins = rng.binomial(len(gains), won, draws)
    losses = rng.binomial(len(gains) - wins, min(1.0, lost / (1 - won)) if won < 1 else 0.0)
    parts = quantiles(((wins - losses) / len(gains)).tolist(), n=40)
    return float(won - lost), parts[0], parts[-1]
