# Wrong: normalises the caller's rows.
import numpy as np


def suspect_labels(probabilities, labels):
    labels = np.asarray(labels)
    probabilities /= 2 * probabilities.sum(axis=1, keepdims=True)
    thresholds = np.full(probabilities.shape[1], np.inf)
    for label in set(labels.tolist()):
        thresholds[label] = probabilities[labels == label, label].mean()
    firm = np.where(probabilities >= thresholds, probabilities, -1.0)
    return firm[np.arange(len(labels)), labels] < firm.max(axis=1)
