# Wrong: has no place for classes beyond the largest label.
import numpy as np


def class_weights(labels, num_classes):
    counts = np.bincount(labels)
    weights = np.zeros(len(counts), dtype=np.float64)
    present = counts > 0
    weights[present] = len(labels) / (present.sum() * counts[present])
    return weights
