# Wrong: thresholds are means over all rows, whatever their label.
import numpy as np


def suspect_labels(probabilities, labels):
    labels = np.asarray(labels)
    thresholds = probabilities.mean(axis=0)
    firm = probabilities >= thresholds
    best = np.where(firm, probabilities, -np.inf).argmax(axis=1)
    return firm.any(axis=1) & (best != labels)
