# Wrong: numbers the rows of the frame that was passed in afresh.
import pandas as pd


def oversample(frame, label="label", seed=0):
    frame.index = range(len(frame))
    largest = frame[label].value_counts().max()
    parts = [frame]
    for _, rows in frame.groupby(label):
        parts.append(rows.sample(largest - len(rows), replace=True, random_state=seed))
    return pd.concat(parts).sample(frac=1, random_state=seed).reset_index(drop=True)
