# Right: f1_score with labels and average.
from sklearn.metrics import f1_score


def stance_score(y_true, y_pred):
    return float(
        f1_score(list(y_true), list(y_pred), labels=[1, 2], average="macro", zero_division=0)
    )
