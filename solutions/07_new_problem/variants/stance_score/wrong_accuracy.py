# Wrong: the accuracy.
import numpy as np


def stance_score(y_true, y_pred):
    return float(np.mean(np.asarray(y_true) == np.asarray(y_pred)))
