# Right: an older generator, and bounds picked by place from sorted differences.
import numpy as np


def paired_bootstrap(correct_a, correct_b, draws=2000, seed=0) -> tuple[float, float, float]:
    count = len(correct_a)
    if count != len(correct_b):
        raise ValueError("correct_a and correct_b must be equally long")
    if count == 0:
        raise ValueError("need at least one row")
    gains = np.array([int(b) - int(a) for a, b in zip(correct_a, correct_b, strict=True)])
    generator = np.random.RandomState(seed)
    differences = sorted(
        gains[generator.choice(count, size=count, replace=True)].sum() / count for _ in range(draws)
    )
    below = int(draws * 0.025)
    return float(gains.sum() / count), float(differences[below]), float(differences[-1 - below])
