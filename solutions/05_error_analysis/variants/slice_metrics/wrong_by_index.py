# Wrong: finds a slice's rows by their index, which may repeat.
import numpy as np
import pandas as pd
from scipy.stats import binomtest


def slice_metrics(frame, slices):
    lines = []
    for belongs in slices.values():
        rows = frame.loc[frame.index[belongs(frame)]]
        chosen = (rows["label"] == rows["predicted_label"]).to_numpy()
        if len(chosen):
            interval = binomtest(int(chosen.sum()), len(chosen)).proportion_ci(0.95, "wilson")
            lines.append((len(chosen), chosen.mean(), interval.low, interval.high))
        else:
            lines.append((0, np.nan, np.nan, np.nan))
    index = pd.Index(list(slices), name="slice")
    return pd.DataFrame(lines, index=index, columns=["rows", "accuracy", "lower", "upper"])
