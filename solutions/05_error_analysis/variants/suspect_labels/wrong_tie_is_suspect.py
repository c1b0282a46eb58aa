# Wrong: a row with two equally probable candidates is suspect.
import numpy as np


def suspect_labels(probabilities, labels):
    labels = np.asarray(labels)
    thresholds = np.full(probabilities.shape[1], np.inf)
    for label in set(labels.tolist()):
        thresholds[label] = probabilities[labels == label, label].mean()
    firm = np.where(probabilities >= thresholds, probabilities, -1.0)
    top = firm.max(axis=1, keepdims=True)
    tied = ((firm == top) & (firm > 0)).sum(axis=1) > 1
    return tied | (firm[np.arange(len(labels)), labels] < firm.max(axis=1))
