# Right: row by row, with the logarithm of the sum.
import numpy as np


def calibrate(log_probabilities, baseline=None):
    if np.ndim(log_probabilities) != 2:
        raise ValueError(f"log_probabilities: {np.ndim(log_probabilities)} dimensions")
    n, c = log_probabilities.shape
    if baseline is None:
        baseline = np.zeros(c) if n == 0 else np.add.reduce(log_probabilities, axis=0) / n
    if baseline.ndim != 1 or len(baseline) != c:
        raise ValueError(f"baseline: {baseline.size} numbers for {c} labels")
    result = np.empty((n, c))
    for place, row in enumerate(log_probabilities):
        moved = row - baseline
        result[place] = np.exp(moved - np.logaddexp.reduce(moved))
    return result
