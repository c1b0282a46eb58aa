# Wrong: puts the weights of the classes that occur into the first places.

import numpy as np


def class_weights(labels, num_classes):
    counts = np.unique(labels, return_counts=True)[1]
    counts = np.pad(counts, (0, num_classes - len(counts)))
    weights = np.zeros(num_classes, dtype=np.float64)
    present = counts > 0
    weights[present] = len(labels) / (present.sum() * counts[present])
    return weights
