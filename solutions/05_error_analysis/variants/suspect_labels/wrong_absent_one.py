# Wrong: the threshold of a class without rows is 1, which a probability of 1 reaches.
import numpy as np


def suspect_labels(probabilities, labels):
    y = np.asarray(labels)
    rows = np.arange(len(y))
    thresholds = np.full(probabilities.shape[1], 1.0)
    for k in np.unique(y):
        thresholds[k] = probabilities[y == k, k].mean()
    allowed = np.where(probabilities >= thresholds, probabilities, -np.inf)
    best = allowed.max(axis=1)
    return np.isfinite(best) & (best > allowed[rows, y])
