# Wrong: with two classes it gives the F1 of class 1 alone.
from sklearn.metrics import accuracy_score, f1_score


def compute_metrics(eval_pred):
    predictions, labels = eval_pred[0], eval_pred[1]
    if isinstance(predictions, tuple):
        predictions = predictions[0]
    chosen = predictions.argmax(axis=-1)
    return {
        "accuracy": float(accuracy_score(labels, chosen)),
        "f1": float(
            f1_score(labels, chosen, average="binary" if predictions.shape[-1] == 2 else "weighted")
        ),
    }
