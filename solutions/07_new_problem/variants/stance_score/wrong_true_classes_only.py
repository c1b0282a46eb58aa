# Wrong: a class is averaged only where it truly occurs.
from sklearn.metrics import f1_score


def stance_score(y_true, y_pred):
    present = [label for label in (1, 2) if label in list(y_true)]
    if not present:
        return 0.0
    return float(f1_score(y_true, y_pred, labels=present, average="macro", zero_division=0))
