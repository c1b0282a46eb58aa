# Wrong: weighted by class size.
from sklearn.metrics import f1_score


def stance_score(y_true, y_pred):
    return float(f1_score(y_true, y_pred, labels=[1, 2], average="weighted", zero_division=0))
