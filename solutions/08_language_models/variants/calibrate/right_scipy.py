# Right: SciPy's softmax; the shapes are compared as tuples.
import numpy as np
from scipy.special import softmax


def calibrate(log_probabilities, baseline=None):
    shape = log_probabilities.shape
    if len(shape) != 2:
        raise ValueError(f"expected (n, c), got {shape}")
    if baseline is None:
        return softmax(log_probabilities - log_probabilities.mean(axis=0), axis=1)
    if baseline.shape != (shape[1],):
        raise ValueError(f"expected {(shape[1],)}, got {baseline.shape}")
    return softmax(np.subtract(log_probabilities, baseline), axis=1)
