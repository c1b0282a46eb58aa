# Wrong: the model's first choice must reach its threshold; other candidates are not looked at.
import numpy as np


def suspect_labels(probabilities, labels):
    labels = np.asarray(labels)
    classes = probabilities.shape[1]
    thresholds = np.full(classes, np.inf)
    for label in set(labels.tolist()):
        thresholds[label] = probabilities[labels == label, label].mean()
    best = probabilities.argmax(axis=1)
    firm = probabilities[np.arange(len(labels)), best] >= thresholds[best]
    return firm & (best != labels)
