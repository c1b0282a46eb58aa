# Wrong: F1 of the mean precision and recall instead of the mean F1.
import pandas as pd
from sklearn.metrics import (
    accuracy_score,
    cohen_kappa_score,
    matthews_corrcoef,
    precision_recall_fscore_support,
)


def evaluation_report(y_true, y_pred, names):
    ids = list(range(len(names)))
    scores = precision_recall_fscore_support(y_true, y_pred, labels=ids, zero_division=0)
    alone = len({*y_true, *y_pred}) < 2
    columns = ["precision", "recall", "f1", "support"]
    table = pd.DataFrame(dict(zip(columns, scores, strict=True)), index=names)
    return {
        "accuracy": float(accuracy_score(y_true, y_pred)),
        "macro_f1": float(
            2
            * scores[0].mean()
            * scores[1].mean()
            / max(scores[0].mean() + scores[1].mean(), 1e-12)
        ),
        "micro_f1": float(accuracy_score(y_true, y_pred)),
        "weighted_f1": float((scores[2] * scores[3]).sum() / scores[3].sum()),
        "kappa": 0.0 if alone else float(cohen_kappa_score(y_true, y_pred)),
        "mcc": 0.0 if alone else float(matthews_corrcoef(y_true, y_pred)),
        "per_class": table,
    }
