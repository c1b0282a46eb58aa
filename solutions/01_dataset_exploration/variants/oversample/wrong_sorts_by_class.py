# Wrong: the classes stand in blocks.
import pandas as pd


def oversample(frame, label="label", seed=0):
    largest = frame[label].value_counts().max()
    parts = [frame]
    for _, rows in frame.groupby(label):
        parts.append(rows.sample(largest - len(rows), replace=True, random_state=seed))
    return pd.concat(parts).sample(frac=1, random_state=seed).sort_values(label, ignore_index=True)
