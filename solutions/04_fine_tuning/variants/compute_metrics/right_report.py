# Right: reads both numbers from scikit-learn's report.
import numpy as np
from sklearn.metrics import classification_report


def compute_metrics(eval_pred) -> dict:
    predictions, label_ids = eval_pred[0], eval_pred[1]
    if isinstance(predictions, tuple):
        predictions = predictions[0]
    predicted = np.asarray(predictions).argmax(axis=1)
    report = classification_report(label_ids, predicted, output_dict=True, zero_division=0)
    accuracy = np.mean(predicted == label_ids).item()
    return {"accuracy": accuracy, "f1": float(report["weighted avg"]["f1-score"])}
