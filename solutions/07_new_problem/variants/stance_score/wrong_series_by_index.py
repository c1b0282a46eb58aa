# Wrong: Series are matched by their index.
import numpy as np
import pandas as pd


def stance_score(y_true, y_pred):
    rows = pd.DataFrame({"true": y_true, "pred": y_pred}).dropna()
    y_true, y_pred = rows["true"].to_numpy(), rows["pred"].to_numpy()
    scores = []
    for label in (1, 2):
        hits = np.sum((y_true == label) & (y_pred == label))
        total = np.sum(y_true == label) + np.sum(y_pred == label)
        scores.append(2 * hits / total if total else 0.0)
    return np.mean(scores)
