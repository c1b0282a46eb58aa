# Wrong: the order of the labels does not depend on the seed.
import pandas as pd


def oversample(frame, label="label", seed=0):
    largest = frame[label].value_counts().max()
    parts = [frame]
    for _, rows in frame.groupby(label):
        parts.append(rows.sample(largest - len(rows), replace=True, random_state=seed))
    return pd.concat(parts).sample(frac=1, random_state=0).reset_index(drop=True)
