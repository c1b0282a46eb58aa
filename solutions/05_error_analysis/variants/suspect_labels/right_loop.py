# Right: a loop over rows and classes.
import numpy as np


def suspect_labels(probabilities, labels):
    labels = [int(label) for label in labels]
    thresholds = {}
    for label in set(labels):
        own = [row for row, given in zip(probabilities, labels, strict=True) if given == label]
        thresholds[label] = np.mean([row[label] for row in own])
    suspects = []
    for row, given in zip(probabilities, labels, strict=True):
        firm = {label: row[label] for label, least in thresholds.items() if row[label] >= least}
        suspects.append(bool(firm) and firm.get(given, 0.0) < max(firm.values()))
    return np.array(suspects, dtype=bool)
