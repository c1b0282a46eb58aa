# Wrong: Clopper and Pearson's exact interval.
import pandas as pd
from scipy.stats import binomtest


def slice_metrics(frame, slices):
    lines = []
    for belongs in slices.values():
        chosen = frame[belongs(frame)]
        hits = int((chosen["label"] == chosen["predicted_label"]).sum())
        if len(chosen):
            interval = binomtest(hits, len(chosen)).proportion_ci()
            lines.append((len(chosen), hits / len(chosen), interval.low, interval.high))
        else:
            lines.append((0, float("nan"), float("nan"), float("nan")))
    index = pd.Index(list(slices), name="slice")
    return pd.DataFrame(lines, index=index, columns=["rows", "accuracy", "lower", "upper"])
