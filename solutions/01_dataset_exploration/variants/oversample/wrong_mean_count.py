# Wrong: classes reach the mean count only.
import pandas as pd


def oversample(frame, label="label", seed=0):
    largest = frame[label].value_counts().mean()
    parts = [frame]
    for _, rows in frame.groupby(label):
        missing = max(0, round(largest) - len(rows))
        parts.append(rows.sample(missing, replace=True, random_state=seed))
    return pd.concat(parts).sample(frac=1, random_state=seed).reset_index(drop=True)
