# Wrong: an absent class gets infinity.
import numpy as np


def class_weights(labels, num_classes):
    counts = np.bincount(labels, minlength=num_classes)
    with np.errstate(divide="ignore"):
        return len(labels) / (np.count_nonzero(counts) * counts)
