# Wrong: sorts the caller's labels.
# Says: the input was changed in place
import numpy as np


def class_weights(labels, num_classes):
    if isinstance(labels, list):
        labels.sort()
    counts = np.bincount(labels, minlength=num_classes)
    weights = np.zeros(num_classes, dtype=np.float64)
    present = counts > 0
    weights[present] = len(labels) / (present.sum() * counts[present])
    return weights
