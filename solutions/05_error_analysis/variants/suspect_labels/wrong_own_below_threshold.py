# Wrong: every row whose own label is below its threshold.
import numpy as np


def suspect_labels(probabilities, labels):
    labels = np.asarray(labels)
    classes = probabilities.shape[1]
    thresholds = np.full(classes, np.inf)
    for label in set(labels.tolist()):
        thresholds[label] = probabilities[labels == label, label].mean()
    own = probabilities[np.arange(len(labels)), labels]
    return own < thresholds[labels]
