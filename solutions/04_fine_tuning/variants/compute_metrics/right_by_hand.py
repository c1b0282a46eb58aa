# Right: counts by hand, without scikit-learn.
import numpy as np


def compute_metrics(eval_pred) -> dict:
    predictions, labels, *_ = eval_pred
    while isinstance(predictions, tuple):
        predictions = predictions[0]
    chosen = np.argmax(predictions, axis=-1)
    total = 0.0
    for label in np.unique(labels):
        true, said = labels == label, chosen == label
        total += true.sum() * 2 * (true & said).sum() / (true.sum() + said.sum())
    return {"f1": float(total / len(labels)), "accuracy": float((chosen == labels).mean())}
