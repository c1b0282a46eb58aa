# Wrong: whole numbers come as int.
import numpy as np
from sklearn.metrics import f1_score


def compute_metrics(eval_pred) -> dict:
    predictions, label_ids, *_ = eval_pred
    logits = predictions[0] if isinstance(predictions, tuple) else predictions
    predicted = np.asarray(logits).argmax(axis=-1)
    hits = int((predicted == label_ids).sum())
    return {
        "accuracy": hits // len(label_ids)
        if hits in (0, len(label_ids))
        else hits / len(label_ids),
        "f1": float(f1_score(label_ids, predicted, average="weighted", zero_division=0)),
    }
