# Wrong: the first candidate, not the most probable.
import numpy as np


def suspect_labels(probabilities, labels):
    labels = np.asarray(labels)
    classes = probabilities.shape[1]
    thresholds = np.full(classes, np.inf)
    for label in set(labels.tolist()):
        thresholds[label] = probabilities[labels == label, label].mean()
    firm = probabilities >= thresholds
    return firm.any(axis=1) & (firm.argmax(axis=1) != labels)
