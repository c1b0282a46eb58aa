# Wrong: a threshold is one half at least.
import numpy as np


def suspect_labels(probabilities, labels):
    labels = np.asarray(labels)
    thresholds = np.full(probabilities.shape[1], np.inf)
    for label in set(labels.tolist()):
        thresholds[label] = probabilities[labels == label, label].mean()
    thresholds = np.maximum(thresholds, 0.5)
    firm = np.where(probabilities >= thresholds, probabilities, -1.0)
    return firm[np.arange(len(labels)), labels] < firm.max(axis=1)
