# Wrong: draws values of the index, of which several rows share one.
# Says: several rows share an index

import numpy as np
import pandas as pd


def oversample(frame, label="label", seed=0):
    generator = np.random.default_rng(seed)
    largest = frame[label].value_counts().max()
    parts = [frame]
    for _, rows in frame.groupby(label, sort=False):
        missing = largest - len(rows)
        parts.append(frame.loc[generator.choice(rows.index, missing)])
    return pd.concat(parts).sample(frac=1, random_state=generator, ignore_index=True)
