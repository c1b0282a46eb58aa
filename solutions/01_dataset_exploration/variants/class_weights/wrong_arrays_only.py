# Wrong: compares a list with a number.

import numpy as np


def class_weights(labels, num_classes):
    counts = np.array([np.sum(labels == label) for label in range(num_classes)])
    weights = np.zeros(num_classes, dtype=np.float64)
    present = counts > 0
    weights[present] = len(labels) / (present.sum() * counts[present])
    return weights
