# Wrong: blanks out the caller's probabilities.
import numpy as np


def suspect_labels(probabilities, labels):
    labels = np.asarray(labels)
    classes = probabilities.shape[1]
    thresholds = np.full(classes, np.inf)
    for label in set(labels.tolist()):
        thresholds[label] = probabilities[labels == label, label].mean()
    firm = probabilities >= thresholds
    probabilities[~firm] = -1
    return firm.any(axis=1) & (probabilities.argmax(axis=1) != labels)
