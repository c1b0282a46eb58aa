# Wrong: takes rows out of the lists that it was given.
import numpy as np


def paired_bootstrap(correct_a, correct_b, draws=2000, seed=0) -> tuple[float, float, float]:
    if len(correct_a) != len(correct_b) or len(correct_a) == 0:
        raise ValueError("correct_a and correct_b must have the same number of rows, at least one")
    taken = []
    for given in (correct_a, correct_b):
        one_by_one = given if isinstance(given, list) else list(given)
        taken.append(np.array([float(one_by_one.pop(0)) for _ in range(len(one_by_one))]))
    a, b = taken
    gains = b - a
    rows = np.random.default_rng(seed).integers(len(gains), size=(draws, len(gains)))
    differences = gains[rows].mean(axis=1)
    lower, upper = np.percentile(differences, [2.5, 97.5])
    return float(gains.mean()), float(lower), float(upper)
