# Wrong: a class that is absent counts 1.
from sklearn.metrics import f1_score


def stance_score(y_true, y_pred):
    return float(f1_score(y_true, y_pred, labels=[1, 2], average="macro", zero_division=1))
