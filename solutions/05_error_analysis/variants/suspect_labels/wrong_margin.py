# Wrong: the candidate with the largest margin over its threshold, not the most probable.
import numpy as np


def suspect_labels(probabilities, labels):
    labels = np.asarray(labels)
    classes = probabilities.shape[1]
    thresholds = np.full(classes, np.inf)
    for label in set(labels.tolist()):
        thresholds[label] = probabilities[labels == label, label].mean()
    margin = probabilities - thresholds
    best = margin.argmax(axis=1)
    return (margin.max(axis=1) >= 0) & (best != labels)
