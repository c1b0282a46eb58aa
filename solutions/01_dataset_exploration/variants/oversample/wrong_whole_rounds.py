# Wrong: repeats the whole class as often as it fits, and draws only the rest.
# Says: with replacement
import numpy as np
import pandas as pd


def oversample(frame, label="label", seed=0):
    generator = np.random.default_rng(seed)
    largest = frame[label].value_counts().max()
    parts = [frame]
    for _, rows in frame.groupby(label, sort=False):
        missing = largest - len(rows)
        rounds, rest = divmod(missing, len(rows))
        parts += [rows] * rounds
        parts.append(rows.sample(rest, random_state=generator))
    return pd.concat(parts).sample(frac=1, random_state=generator, ignore_index=True)
