# Wrong: fails on labels that are a list.
import numpy as np


def suspect_labels(probabilities, labels):
    classes = probabilities.shape[1]
    thresholds = np.full(classes, np.inf)
    for label in set(labels):
        thresholds[label] = probabilities[labels == label, label].mean()
    firm = probabilities >= thresholds
    best = np.where(firm, probabilities, -np.inf).argmax(axis=1)
    return firm.any(axis=1) & (best != labels)
