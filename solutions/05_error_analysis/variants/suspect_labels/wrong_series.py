# Wrong: a Series of bool.
import numpy as np
import pandas as pd


def suspect_labels(probabilities, labels):
    labels = np.asarray(labels)
    thresholds = np.full(probabilities.shape[1], np.inf)
    for label in set(labels.tolist()):
        thresholds[label] = probabilities[labels == label, label].mean()
    firm = np.where(probabilities >= thresholds, probabilities, -1.0)
    return pd.Series(firm[np.arange(len(labels)), labels] < firm.max(axis=1))
