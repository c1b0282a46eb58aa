# Right: arrays, and the index made at the end.
import numpy as np
import pandas as pd
from scipy.stats import binomtest


def slice_metrics(frame, slices):
    right = (frame["label"] == frame["predicted_label"]).to_numpy()
    lines = []
    for belongs in slices.values():
        chosen = right[belongs(frame).to_numpy()]
        if len(chosen):
            interval = binomtest(int(chosen.sum()), len(chosen)).proportion_ci(0.95, "wilson")
            lines.append((len(chosen), float(np.mean(chosen)), interval.low, interval.high))
        else:
            lines.append((0, np.nan, np.nan, np.nan))
    index = pd.Index(list(slices), name="slice")
    return pd.DataFrame(lines, index=index, columns=["rows", "accuracy", "lower", "upper"])
