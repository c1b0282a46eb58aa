# Wrong: the best label of each row.
import numpy as np


def calibrate(log_probabilities, baseline=None):
    scores = np.array(log_probabilities, dtype=float)
    if scores.ndim != 2:
        raise ValueError(f"log_probabilities has the shape {scores.shape}")
    if baseline is None:
        baseline = scores.mean(axis=0)
    if baseline.shape != (scores.shape[1],):
        raise ValueError(f"baseline has the shape {baseline.shape}")
    scores = scores - baseline
    scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    return scores.argmax(axis=1)
