# Right: positions drawn by one generator.
import numpy as np
import pandas as pd


def oversample(frame, label="label", seed=0):
    generator = np.random.default_rng(seed)
    values = frame[label].to_numpy()
    groups = [np.flatnonzero(values == value) for value in pd.unique(frame[label])]
    largest = max(map(len, groups))
    drawn = [generator.choice(group, largest - len(group)) for group in groups]
    places = np.concatenate(groups + drawn)
    generator.shuffle(places)
    return frame.iloc[places].reset_index(drop=True)
