# Wrong: looks a Series up by place, where it goes by its index.
# Says: A Series is looked up by its index, not by place
import numpy as np


def class_weights(labels, num_classes):
    counts = np.zeros(num_classes)
    for place in range(len(labels)):
        counts[labels[place]] += 1
    weights = np.zeros(num_classes, dtype=np.float64)
    present = counts > 0
    weights[present] = len(labels) / (present.sum() * counts[present])
    return weights
