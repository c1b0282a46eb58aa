# Wrong: the names stand in a column, not in the index.
import time

import pandas as pd
from sklearn.base import clone
from sklearn.metrics import accuracy_score, f1_score


def compare_classifiers(classifiers, X_train, y_train, X_valid, y_valid):
    rows = []
    for name, classifier in classifiers.items():
        model = clone(classifier)
        start = time.perf_counter()
        model.fit(X_train, y_train)
        seconds = time.perf_counter() - start
        predicted = model.predict(X_valid)
        accuracy = accuracy_score(y_valid, predicted)
        macro_f1 = f1_score(y_valid, predicted, average="macro")
        rows.append([name, accuracy, macro_f1, seconds])
    columns = ["classifier", "accuracy", "macro_f1", "fit_seconds"]
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values("macro_f1", ascending=False, kind="stable")
