# Wrong: numbers the rows before the shuffle.

import numpy as np
import pandas as pd


def oversample(frame, label="label", seed=0):
    generator = np.random.default_rng(seed)
    largest = frame[label].value_counts().max()
    parts = [frame]
    for _, rows in frame.groupby(label, sort=False):
        missing = largest - len(rows)
        parts.append(rows.sample(missing, replace=True, random_state=generator))
    return pd.concat(parts, ignore_index=True).sample(frac=1, random_state=generator)
