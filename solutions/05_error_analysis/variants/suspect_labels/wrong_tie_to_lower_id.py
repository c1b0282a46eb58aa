# Wrong: of equally probable candidates the lower id, whatever the label is.
import numpy as np


def suspect_labels(probabilities, labels):
    labels = np.asarray(labels)
    thresholds = np.full(probabilities.shape[1], np.inf)
    for label in set(labels.tolist()):
        thresholds[label] = probabilities[labels == label, label].mean()
    firm = np.where(probabilities >= thresholds, probabilities, -1.0)
    return (firm.max(axis=1) > 0) & (firm.argmax(axis=1) != labels)
