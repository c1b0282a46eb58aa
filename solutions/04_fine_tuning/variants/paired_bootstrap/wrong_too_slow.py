# Wrong: rows are drawn one by one.
# Says: not one by one
import random

import numpy as np


def paired_bootstrap(correct_a, correct_b, draws=2000, seed=0) -> tuple[float, float, float]:
    if len(correct_a) != len(correct_b) or len(correct_a) == 0:
        raise ValueError("correct_a and correct_b must have the same number of rows, at least one")
    a, b = list(map(int, correct_a)), list(map(int, correct_b))
    generator = random.Random(seed)
    differences = []
    for _ in range(draws):
        right_a = right_b = 0
        for _ in a:
            row = generator.randint(0, len(a) - 1)
            right_a += a[row]
            right_b += b[row]
        differences.append((right_b - right_a) / len(a))
    lower, upper = np.percentile(differences, [2.5, 97.5])
    return (sum(b) - sum(a)) / len(a), float(lower), float(upper)
