# Wrong: draws without replacement where the class has enough rows.
# Says: Drawn with replacement, some are drawn several times
import numpy as np
import pandas as pd


def oversample(frame, label="label", seed=0):
    generator = np.random.default_rng(seed)
    largest = frame[label].value_counts().max()
    parts = [frame]
    for _, rows in frame.groupby(label, sort=False):
        missing = largest - len(rows)
        parts.append(
            rows.sample(missing, replace=bool(missing > len(rows)), random_state=generator)
        )
    return pd.concat(parts).sample(frac=1, random_state=generator, ignore_index=True)
