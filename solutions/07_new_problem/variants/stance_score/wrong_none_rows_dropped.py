# Wrong: rows whose true label is none are left out.
import numpy as np
from sklearn.metrics import f1_score


def stance_score(y_true, y_pred):
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    kept = y_true != 0
    if not kept.any():
        return 0.0
    return float(
        f1_score(y_true[kept], y_pred[kept], labels=[1, 2], average="macro", zero_division=0)
    )
