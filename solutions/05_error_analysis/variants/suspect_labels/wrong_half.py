# Wrong: one threshold of 0.5 for every class.
import numpy as np


def suspect_labels(probabilities, labels):
    labels = np.asarray(labels)
    classes = probabilities.shape[1]
    thresholds = np.full(classes, 0.5)
    firm = probabilities >= thresholds
    best = np.where(firm, probabilities, -np.inf).argmax(axis=1)
    return firm.any(axis=1) & (best != labels)
