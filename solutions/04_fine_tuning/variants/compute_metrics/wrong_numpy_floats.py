# Wrong: the values are NumPy's float32, which JSON does not take.
import numpy as np
from sklearn.metrics import f1_score


def compute_metrics(eval_pred) -> dict:
    predictions, label_ids, *_ = eval_pred
    logits = predictions[0] if isinstance(predictions, tuple) else predictions
    predicted = logits.argmax(axis=-1)
    return {
        "accuracy": np.float32(np.mean(predicted == label_ids)),
        "f1": np.float32(f1_score(label_ids, predicted, average="weighted", zero_division=0)),
    }
