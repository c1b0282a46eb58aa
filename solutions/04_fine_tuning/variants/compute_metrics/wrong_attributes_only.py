# Wrong: a plain tuple has no attributes.
from sklearn.metrics import accuracy_score, f1_score


def compute_metrics(eval_pred) -> dict:
    logits = eval_pred.predictions
    logits = logits[0] if isinstance(logits, tuple) else logits
    predicted = logits.argmax(axis=-1)
    return {
        "accuracy": float(accuracy_score(eval_pred.label_ids, predicted)),
        "f1": float(f1_score(eval_pred.label_ids, predicted, average="weighted")),
    }
