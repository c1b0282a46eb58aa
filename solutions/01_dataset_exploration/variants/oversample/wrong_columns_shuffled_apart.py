# Wrong: shuffles each column by itself, so that texts lose their labels.
# Says: a text keeps its label
import numpy as np
import pandas as pd


def oversample(frame, label="label", seed=0):
    generator = np.random.default_rng(seed)
    largest = frame[label].value_counts().max()
    parts = [frame]
    for _, rows in frame.groupby(label, sort=False):
        missing = largest - len(rows)
        parts.append(rows.sample(missing, replace=True, random_state=generator))
    mixed = pd.concat(parts, ignore_index=True)
    return mixed.apply(lambda column: generator.permutation(column.to_numpy()))
