# Wrong: keeps the largest class, draws the others whole.
import pandas as pd


def oversample(frame, label="label", seed=0):
    largest = frame[label].value_counts().max()
    parts = []
    for _, rows in frame.groupby(label):
        full = len(rows) == largest
        parts.append(rows if full else rows.sample(largest, replace=True, random_state=seed))
    return pd.concat(parts).sample(frac=1, random_state=seed).reset_index(drop=True)
