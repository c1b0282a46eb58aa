# Right: z rounded to 1.96, masks instead of frames.
import numpy as np
import pandas as pd


def slice_metrics(frame, slices):
    right = frame["label"].eq(frame["predicted_label"])
    table = pd.DataFrame(index=pd.Index(slices, name="slice"))
    masks = [belongs(frame) for belongs in slices.values()]
    rows = np.array([mask.sum() for mask in masks])
    hits = np.array([(right & mask).sum() for mask in masks])
    with np.errstate(invalid="ignore", divide="ignore"):
        share = hits / rows
        middle = (hits + 1.96**2 / 2) / (rows + 1.96**2)
        half = 1.96 / (rows + 1.96**2) * np.sqrt(hits * (rows - hits) / rows + 1.96**2 / 4)
    table["rows"], table["accuracy"] = rows, share
    table["lower"] = np.where(rows > 0, middle - half, np.nan)
    table["upper"] = np.where(rows > 0, middle + half, np.nan)
    return table
