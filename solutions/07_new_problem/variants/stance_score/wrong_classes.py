# Wrong: none and against instead of against and favor.
from sklearn.metrics import f1_score


def stance_score(y_true, y_pred):
    return float(f1_score(y_true, y_pred, labels=[0, 1], average="macro", zero_division=0))
