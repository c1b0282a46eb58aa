# Wrong: labels are compared without the blanks at their ends.
import numpy as np
import pandas as pd
from scipy.stats import binomtest


def slice_metrics(frame, slices):
    rows = []
    for rule in slices.values():
        part = frame[rule(frame)]
        n = len(part)
        if n == 0:
            rows.append([0, np.nan, np.nan, np.nan])
            continue
        k = int(
            (
                part["label"].astype(str).str.strip()
                == part["predicted_label"].astype(str).str.strip()
            ).sum()
        )
        interval = binomtest(k, n).proportion_ci(method="wilson")
        rows.append([n, k / n, interval.low, interval.high])
    index = pd.Index(list(slices), name="slice")
    return pd.DataFrame(rows, columns=["rows", "accuracy", "lower", "upper"], index=index)
