# Right: everything counted by hand from the table of true and predicted labels.
import numpy as np
import pandas as pd


def evaluation_report(y_true, y_pred, names):
    size, rows = len(names), len(y_true)
    table = np.zeros((size, size))
    np.add.at(table, (np.asarray(y_true), np.asarray(y_pred)), 1)
    hits, true, given = table.diagonal(), table.sum(axis=1), table.sum(axis=0)

    def ratio(part, whole):
        return np.divide(part, whole, out=np.zeros(size), where=whole > 0)

    f1 = ratio(2 * hits, true + given)
    accuracy = hits.sum() / rows
    luck = (true * given).sum() / rows**2
    kappa = (accuracy - luck) / (1 - luck) if luck < 1 else 0.0
    spread = (rows**2 - (true**2).sum()) * (rows**2 - (given**2).sum())
    top = hits.sum() * rows - (true * given).sum()
    mcc = top / np.sqrt(spread) if spread > 0 else 0.0
    per_class = pd.DataFrame(
        {
            "precision": ratio(hits, given),
            "recall": ratio(hits, true),
            "f1": f1,
            "support": true.astype(int),
        },
        index=list(names),
    )
    return {
        "accuracy": float(accuracy),
        "macro_f1": float(f1.mean()),
        "micro_f1": float(accuracy),
        "weighted_f1": float((f1 * true).sum() / rows),
        "kappa": float(kappa),
        "mcc": float(mcc),
        "per_class": per_class,
    }
