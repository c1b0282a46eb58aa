# Wrong: the mean recall.
from sklearn.metrics import recall_score


def stance_score(y_true, y_pred):
    return float(recall_score(y_true, y_pred, labels=[1, 2], average="macro", zero_division=0))
