# Wrong: another order of columns.
import time

import pandas as pd
from sklearn.base import clone
from sklearn.metrics import accuracy_score, f1_score


def compare_classifiers(classifiers, X_train, y_train, X_valid, y_valid):
    rows = []
    for name, classifier in classifiers.items():
        candidate = clone(classifier)
        started = time.perf_counter()
        candidate.fit(X_train, y_train)
        seconds = time.perf_counter() - started
        predicted = candidate.predict(X_valid)
        accuracy = accuracy_score(y_valid, predicted)
        macro = f1_score(y_valid, predicted, average="macro", zero_division=0)
        rows.append((name, accuracy, macro, seconds))
    table = pd.DataFrame(rows, columns=["classifier", "accuracy", "macro_f1", "fit_seconds"])
    table = table.set_index("classifier")
    table = table[["macro_f1", "accuracy", "fit_seconds"]]
    return table.sort_values("macro_f1", ascending=False, kind="stable")
