# Right: lets kappa warn behind closed doors, and turns NaN into 0.
import warnings

import numpy as np
import pandas as pd
from sklearn.metrics import (
    accuracy_score,
    classification_report,
    cohen_kappa_score,
    f1_score,
    matthews_corrcoef,
)


def evaluation_report(y_true, y_pred, names):
    ids = np.arange(len(names))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kappa = cohen_kappa_score(y_true, y_pred)
        mcc = matthews_corrcoef(y_true, y_pred)
        table = classification_report(
            y_true, y_pred, labels=ids, target_names=names, output_dict=True, zero_division=0
        )
    per_class = pd.DataFrame([table[name] for name in names], index=names)
    report = {
        f"{how}_f1": float(f1_score(y_true, y_pred, labels=ids, average=how, zero_division=0))
        for how in ("macro", "micro", "weighted")
    }
    report["accuracy"] = float(accuracy_score(y_true, y_pred))
    report["kappa"] = float(np.nan_to_num(kappa))
    report["mcc"] = float(np.nan_to_num(mcc))
    report["per_class"] = per_class.rename(columns={"f1-score": "f1"})
    return report
