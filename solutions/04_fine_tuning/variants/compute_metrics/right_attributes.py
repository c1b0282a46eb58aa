# Right: attributes where there are any, else two items.
import numpy as np
from sklearn.metrics import accuracy_score, f1_score


def compute_metrics(eval_pred) -> dict:
    if isinstance(eval_pred, tuple):
        predictions, label_ids = eval_pred
    else:
        predictions, label_ids = eval_pred.predictions, eval_pred.label_ids
    logits = predictions[0] if isinstance(predictions, tuple) else predictions
    predicted = np.asarray(logits).argmax(axis=-1)
    return {
        "accuracy": float(accuracy_score(label_ids, predicted)),
        "f1": float(f1_score(label_ids, predicted, average="weighted", zero_division=0)),
    }
