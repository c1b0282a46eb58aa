# Wrong: rows that are alike are taken for one.
import pandas as pd


def oversample(frame, label="label", seed=0):
    frame = frame.drop_duplicates()
    largest = frame[label].value_counts().max()
    parts = [frame]
    for i, (_, group) in enumerate(frame.groupby(label)):
        parts.append(group.sample(n=largest - len(group), replace=True, random_state=seed + i))
    return pd.concat(parts).sample(frac=1, random_state=seed, ignore_index=True)
