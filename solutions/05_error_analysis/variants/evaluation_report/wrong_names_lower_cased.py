# Wrong: lower-cases the names.
import pandas as pd
from sklearn.metrics import (
    accuracy_score,
    cohen_kappa_score,
    f1_score,
    matthews_corrcoef,
    precision_recall_fscore_support,
)


def evaluation_report(y_true, y_pred, names):
    ids = list(range(len(names)))
    scores = precision_recall_fscore_support(y_true, y_pred, labels=ids, zero_division=0)
    alone = len({*y_true, *y_pred}) < 2
    columns = ["precision", "recall", "f1", "support"]
    report = {
        f"{how}_f1": float(f1_score(y_true, y_pred, labels=ids, average=how, zero_division=0))
        for how in ("macro", "micro", "weighted")
    }
    report["accuracy"] = float(accuracy_score(y_true, y_pred))
    report["kappa"] = 0.0 if alone else float(cohen_kappa_score(y_true, y_pred))
    report["mcc"] = 0.0 if alone else float(matthews_corrcoef(y_true, y_pred))
    report["per_class"] = pd.DataFrame(
        dict(zip(columns, scores, strict=True)), index=[name.lower() for name in names]
    )
    return report
