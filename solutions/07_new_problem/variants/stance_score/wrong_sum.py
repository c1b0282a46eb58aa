# Wrong: the sum instead of the mean.
from sklearn.metrics import f1_score


def stance_score(y_true, y_pred):
    return 2 * float(f1_score(y_true, y_pred, labels=[1, 2], average="macro", zero_division=0))
