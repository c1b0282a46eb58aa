# Wrong: the clock starts once, before the loop.
import time

import pandas as pd
from sklearn.base import clone
from sklearn.metrics import accuracy_score, f1_score


def compare_classifiers(classifiers, X_train, y_train, X_valid, y_valid):
    rows = {}
    start = time.perf_counter()
    for name, classifier in classifiers.items():
        model = clone(classifier).fit(X_train, y_train)
        seconds = time.perf_counter() - start
        predicted = model.predict(X_valid)
        f1 = f1_score(y_valid, predicted, average="macro")
        rows[name] = (accuracy_score(y_valid, predicted), f1, seconds)
    table = pd.DataFrame.from_dict(
        rows, orient="index", columns=["accuracy", "macro_f1", "fit_seconds"]
    )
    table.index.name = "classifier"
    return table.sort_values("macro_f1", ascending=False, kind="stable")
