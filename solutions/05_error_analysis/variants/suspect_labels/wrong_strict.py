# Wrong: a probability at its threshold does not count.
import numpy as np


def suspect_labels(probabilities, labels):
    labels = np.asarray(labels)
    classes = probabilities.shape[1]
    thresholds = np.full(classes, np.inf)
    for label in set(labels.tolist()):
        thresholds[label] = probabilities[labels == label, label].mean()
    firm = probabilities > thresholds
    best = np.where(firm, probabilities, -np.inf).argmax(axis=1)
    return firm.any(axis=1) & (best != labels)
