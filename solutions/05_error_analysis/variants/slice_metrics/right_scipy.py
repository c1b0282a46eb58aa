# Right: SciPy's interval, one record a slice.
import numpy as np
import pandas as pd
from scipy.stats import binomtest


def slice_metrics(frame, slices):
    records = []
    for name, belongs in slices.items():
        mask = belongs(frame).to_numpy()
        hits = (frame["label"].to_numpy() == frame["predicted_label"].to_numpy())[mask]
        record = {"slice": name, "rows": len(hits), "accuracy": np.nan}
        record |= {"lower": np.nan, "upper": np.nan}
        if len(hits):
            interval = binomtest(int(hits.sum()), len(hits)).proportion_ci(method="wilson")
            record |= {"accuracy": hits.mean(), "lower": interval.low, "upper": interval.high}
        records.append(record)
    return pd.DataFrame(records).set_index("slice")
