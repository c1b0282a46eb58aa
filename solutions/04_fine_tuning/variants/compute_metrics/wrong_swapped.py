# Wrong: labels and predictions are swapped, which changes the weights.
from sklearn.metrics import accuracy_score, f1_score


def compute_metrics(eval_pred) -> dict:
    predictions, label_ids, *_ = eval_pred
    logits = predictions[0] if isinstance(predictions, tuple) else predictions
    predicted = logits.argmax(axis=-1)
    return {
        "accuracy": float(accuracy_score(predicted, label_ids)),
        "f1": float(f1_score(predicted, label_ids, average="weighted", zero_division=0)),
    }
