# Wrong: a Series gets a name in place.
import numpy as np
import pandas as pd


def class_weights(labels, num_classes):
    if isinstance(labels, pd.Series):
        labels.name = "label"
    counts = np.bincount(np.asarray(labels), minlength=num_classes)
    weights = np.zeros(num_classes)
    present = counts > 0
    weights[present] = counts.sum() / (present.sum() * counts[present])
    return weights
