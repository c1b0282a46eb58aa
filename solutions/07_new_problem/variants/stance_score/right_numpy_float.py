# Right: a number of NumPy.
import numpy as np


def stance_score(y_true, y_pred):
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    scores = []
    for label in (1, 2):
        hits = np.sum((y_true == label) & (y_pred == label))
        total = np.sum(y_true == label) + np.sum(y_pred == label)
        scores.append(2 * hits / total if total else 0.0)
    return np.mean(scores)
