# Wrong: the largest count over each count.
import numpy as np


def class_weights(labels, num_classes):
    counts = np.bincount(labels, minlength=num_classes)
    weights = np.zeros(num_classes, dtype=np.float64)
    present = counts > 0
    weights[present] = counts.max() / counts[present]
    return weights
