# Wrong: the plain interval, cut off at 0 and 1.
import math

import pandas as pd


def slice_metrics(frame, slices):
    lines = []
    for belongs in slices.values():
        chosen = frame[belongs(frame)]
        rows = len(chosen)
        if rows == 0:
            lines.append((0, math.nan, math.nan, math.nan))
            continue
        share = float((chosen["label"] == chosen["predicted_label"]).mean())
        z = 1.959964
        middle = share
        half = z * math.sqrt(share * (1 - share) / rows)
        lines.append((rows, share, max(0.0, middle - half), min(1.0, middle + half)))
    index = pd.Index(list(slices), name="slice")
    return pd.DataFrame(lines, index=index, columns=["rows", "accuracy", "lower", "upper"])
