# Right: how often each of the three kinds of rows is drawn, all at once.
import numpy as np


def paired_bootstrap(correct_a, correct_b, draws=2000, seed=0) -> tuple[float, float, float]:
    a = np.asarray(correct_a, dtype=int)
    b = np.asarray(correct_b, dtype=int)
    if a.shape != b.shape:
        raise ValueError(f"correct_a and correct_b: {a.size} and {b.size} rows")
    if a.size == 0:
        raise ValueError("correct_a is empty")
    shares = np.array([np.mean(b > a), np.mean(b < a)])
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(a.size, [*shares, max(0.0, 1 - shares.sum())], size=draws) / a.size
    differences = drawn[:, 0] - drawn[:, 1]
    bounds = np.percentile(differences, (2.5, 97.5), method="nearest")
    return float(shares[0] - shares[1]), float(bounds[0]), float(bounds[1])
