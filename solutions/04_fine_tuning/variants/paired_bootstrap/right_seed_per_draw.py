# Right: each draw has a seed of its own, counted from the one given; kinds of rows are counted.
import numpy as np


def paired_bootstrap(correct_a, correct_b, draws=2000, seed=0) -> tuple[float, float, float]:
    a, b = np.array(correct_a, dtype=np.int8), np.array(correct_b, dtype=np.int8)
    if len(a) != len(b):
        raise ValueError(f"the sizes differ: {len(a)} and {len(b)}")
    if not len(a):
        raise ValueError("correct_a is empty")
    drawn = []
    for draw in range(draws):
        rows = np.random.default_rng(seed + draw).choice(len(a), len(a))
        drawn.append(np.count_nonzero(b[rows]) / len(a) - np.count_nonzero(a[rows]) / len(a))
    bounds = np.quantile(drawn, [0.025, 0.975], method="median_unbiased")
    return (float(b.mean() - a.mean()), *bounds.tolist())
