# Wrong: suspect as soon as any other class is a candidate, the label's own or not.
import numpy as np


def suspect_labels(probabilities, labels):
    labels = np.asarray(labels)
    classes = probabilities.shape[1]
    thresholds = np.full(classes, np.inf)
    for label in set(labels.tolist()):
        thresholds[label] = probabilities[labels == label, label].mean()
    firm = probabilities >= thresholds
    firm[np.arange(len(labels)), labels] = False
    return firm.any(axis=1)
