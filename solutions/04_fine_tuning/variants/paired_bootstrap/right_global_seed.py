# Right: sets NumPy's global seed, which the exercise does not forbid; float32.
import numpy as np


def paired_bootstrap(correct_a, correct_b, draws=2000, seed=0) -> tuple[float, float, float]:
    a, b = np.asarray(correct_a, dtype=np.float32), np.asarray(correct_b, dtype=np.float32)
    if len(a) != len(b):
        raise ValueError(f"lengths {len(a)} and {len(b)} differ")
    if len(a) < 1:
        raise ValueError("length must be at least 1")
    np.random.seed(seed)
    differences = np.empty(draws, dtype=np.float32)
    for draw in range(draws):
        rows = np.random.randint(0, len(a), len(a))
        differences[draw] = b[rows].mean() - a[rows].mean()
    lower, upper = np.percentile(differences, [2.5, 97.5])
    return float(b.mean() - a.mean()), float(lower), float(upper)
