# Wrong: puts the fitted copies into the caller's dict.
import time

import pandas as pd
from sklearn.base import clone
from sklearn.metrics import accuracy_score, f1_score


def compare_classifiers(classifiers, X_train, y_train, X_valid, y_valid):
    rows = []
    for name in classifiers:
        classifiers[name] = clone(classifiers[name])
        started = time.perf_counter()
        classifiers[name].fit(X_train, y_train)
        seconds = time.perf_counter() - started
        predicted = classifiers[name].predict(X_valid)
        accuracy = accuracy_score(y_valid, predicted)
        macro = f1_score(y_valid, predicted, average="macro")
        rows.append((name, accuracy, macro, seconds))
    table = pd.DataFrame(rows, columns=["classifier", "accuracy", "macro_f1", "fit_seconds"])
    table = table.set_index("classifier")
    return table.sort_values("macro_f1", ascending=False, kind="stable")
