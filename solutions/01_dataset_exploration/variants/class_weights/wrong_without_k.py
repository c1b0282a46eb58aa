# Wrong: leaves out the number of classes.
import numpy as np


def class_weights(labels, num_classes):
    counts = np.bincount(labels, minlength=num_classes)
    weights = np.zeros(num_classes, dtype=np.float64)
    present = counts > 0
    weights[present] = len(labels) / counts[present]
    return weights
