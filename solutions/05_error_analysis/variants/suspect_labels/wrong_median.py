# Wrong: medians instead of means.
import numpy as np


def suspect_labels(probabilities, labels):
    labels = np.asarray(labels)
    classes = probabilities.shape[1]
    thresholds = np.full(classes, np.inf)
    for label in set(labels.tolist()):
        thresholds[label] = np.median(probabilities[labels == label, label])
    firm = np.where(probabilities >= thresholds, probabilities, -1.0)
    return firm[np.arange(len(labels)), labels] < firm.max(axis=1)
