# Wrong: takes the last item for the labels, which may be losses.
import numpy as np
from sklearn.metrics import accuracy_score, f1_score


def compute_metrics(eval_pred) -> dict:
    predictions, *_, label_ids = eval_pred
    logits = predictions[0] if isinstance(predictions, tuple) else predictions
    predicted = np.asarray(logits).argmax(axis=-1)
    return {
        "accuracy": float(accuracy_score(label_ids, predicted)),
        "f1": float(f1_score(label_ids, predicted, average="weighted", zero_division=0)),
    }
