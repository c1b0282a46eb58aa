# Wrong: takes the slices out of the caller's dictionary.
# Says: the keys of the dictionary of slices
import numpy as np
import pandas as pd
from scipy.stats import binomtest


def slice_metrics(frame, slices):
    rows = []
    names = list(slices)
    for name in names:
        rule = slices.pop(name)
        part = frame[rule(frame)]
        n = len(part)
        if n == 0:
            rows.append([0, np.nan, np.nan, np.nan])
            continue
        k = int((part["label"] == part["predicted_label"]).sum())
        interval = binomtest(k, n).proportion_ci(method="wilson")
        rows.append([n, k / n, interval.low, interval.high])
    index = pd.Index(list(names), name="slice")
    return pd.DataFrame(rows, columns=["rows", "accuracy", "lower", "upper"], index=index)
