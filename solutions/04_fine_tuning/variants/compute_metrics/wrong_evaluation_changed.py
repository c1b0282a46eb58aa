# Wrong: puts the logits into the EvalPrediction that it was given.
from sklearn.metrics import accuracy_score, f1_score


def compute_metrics(eval_pred):
    predictions, labels = eval_pred[0], eval_pred[1]
    if isinstance(predictions, tuple):
        predictions = predictions[0]
    if hasattr(eval_pred, "predictions"):
        eval_pred.predictions = predictions
    chosen = predictions.argmax(axis=-1)
    return {
        "accuracy": float(accuracy_score(labels, chosen)),
        "f1": float(f1_score(labels, chosen, average="weighted")),
    }
