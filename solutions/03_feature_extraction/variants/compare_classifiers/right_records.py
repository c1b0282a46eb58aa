# Right: sorts the records in plain Python, whose sort is stable, before it makes the table.
import copy
from time import perf_counter

import pandas as pd
from sklearn.metrics import accuracy_score, precision_recall_fscore_support


def compare_classifiers(classifiers, X_train, y_train, X_valid, y_valid):
    records = []
    for name, classifier in classifiers.items():
        fitted = copy.deepcopy(classifier)
        before = perf_counter()
        fitted.fit(X_train, y_train)
        after = perf_counter()
        predicted = fitted.predict(X_valid)
        scores = precision_recall_fscore_support(
            y_valid, predicted, average="macro", zero_division=0
        )
        records.append(
            {
                "classifier": name,
                "accuracy": accuracy_score(y_valid, predicted),
                "macro_f1": scores[2],
                "fit_seconds": after - before,
            }
        )
    records.sort(key=lambda record: record["macro_f1"], reverse=True)
    return pd.DataFrame(records).set_index("classifier")
