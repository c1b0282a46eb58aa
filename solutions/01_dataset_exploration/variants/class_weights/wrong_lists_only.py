# Wrong: works for lists alone.
# Says: in an array and 4 classes: your code stops with AttributeError
import numpy as np


def class_weights(labels, num_classes):
    counts = np.array([labels.count(label) for label in range(num_classes)])
    weights = np.zeros(num_classes, dtype=np.float64)
    present = counts > 0
    weights[present] = len(labels) / (present.sum() * counts[present])
    return weights
