# Right: the baseline without its own mean, which changes no softmax; float32 stays float32.
import numpy as np


def calibrate(log_probabilities, baseline=None):
    if log_probabilities.ndim != 2:
        raise ValueError(f"log_probabilities has the shape {log_probabilities.shape}")
    if baseline is None:
        baseline = np.zeros(log_probabilities.shape[1])
        if len(log_probabilities):
            baseline = log_probabilities.sum(0) / len(log_probabilities)
    if baseline.shape != log_probabilities.shape[1:]:
        raise ValueError(f"baseline has the shape {baseline.shape}")
    scores = log_probabilities - (baseline - baseline.mean())
    scores = scores.T - scores.max(axis=1)
    weights = np.exp(scores)
    return (weights / weights.sum(axis=0)).T
