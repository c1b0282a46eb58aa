# Wrong: averages over none, too.
from sklearn.metrics import f1_score


def stance_score(y_true, y_pred):
    return float(f1_score(y_true, y_pred, average="macro", zero_division=0))
