# Right: one Series a classifier, joined at the end; ties by a mergesort.
import time

import pandas as pd
from sklearn.base import clone
from sklearn.metrics import classification_report


def compare_classifiers(classifiers, X_train, y_train, X_valid, y_valid):
    columns = {}
    for name, classifier in classifiers.items():
        model = clone(classifier)
        start = time.monotonic()
        model.fit(X_train, y_train)
        seconds = time.monotonic() - start
        predicted = model.predict(X_valid)
        report = classification_report(y_valid, predicted, output_dict=True, zero_division=0)
        accuracy = float((predicted == y_valid).mean())
        columns[name] = pd.Series(
            {
                "accuracy": accuracy,
                "macro_f1": report["macro avg"]["f1-score"],
                "fit_seconds": seconds,
            }
        )
    table = pd.DataFrame(columns).T
    table.index.name = "classifier"
    return table.sort_values("macro_f1", ascending=False, kind="mergesort")
