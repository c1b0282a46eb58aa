# Wrong: a class without rows has the mean over all rows as its threshold.
import numpy as np


def suspect_labels(probabilities, labels):
    labels = np.asarray(labels)
    thresholds = probabilities.mean(axis=0)
    for label in set(labels.tolist()):
        thresholds[label] = probabilities[labels == label, label].mean()
    firm = probabilities >= thresholds
    best = np.where(firm, probabilities, -np.inf).argmax(axis=1)
    return firm.any(axis=1) & (best != labels)
