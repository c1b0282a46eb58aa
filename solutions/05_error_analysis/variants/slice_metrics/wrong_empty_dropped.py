# Wrong: an empty slice has no row.
import math

import pandas as pd


def slice_metrics(frame, slices):
    lines = []
    for belongs in slices.values():
        chosen = frame[belongs(frame)]
        rows = len(chosen)
        if rows == 0:
            continue
        share = float((chosen["label"] == chosen["predicted_label"]).mean())
        z = 1.959964
        middle = (share + z * z / (2 * rows)) / (1 + z * z / rows)
        half = z * math.sqrt(share * (1 - share) / rows + z * z / (4 * rows * rows))
        half = half / (1 + z * z / rows)
        lines.append((rows, share, middle - half, middle + half))
    names = [name for name, belongs in slices.items() if belongs(frame).any()]
    index = pd.Index(names, name="slice")
    return pd.DataFrame(lines, index=index, columns=["rows", "accuracy", "lower", "upper"])
