# Wrong: rows are drawn one by one.
# Says: not one by one
import random

import numpy as np


def paired_bootstrap(correct_a, correct_b, draws=2000, seed=0) -> tuple[float, float, float]:
    if len(correct_a) != len(correct_b) or len(correct_a) == 0:
        raise ValueError("correct_a and correct_b must have the same number of rows, at least one")
    gains = [int(b) - int(a) for a, b in zip(correct_a, correct_b, strict=True)]
    generator = random.Random(seed)
    differences = []
    for _ in range(draws):
        drawn = [gains[generator.randrange(len(gains))] for _ in gains]
        differences.append(sum(drawn) / len(drawn))
    lower, upper = np.percentile(differences, [2.5, 97.5])
    return sum(gains) / len(gains), float(lower), float(upper)
