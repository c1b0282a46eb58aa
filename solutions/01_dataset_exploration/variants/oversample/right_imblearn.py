# Right: imbalanced-learn's sampler on row numbers, then a shuffle.
import numpy as np
from imblearn.over_sampling import RandomOverSampler


def oversample(frame, label="label", seed=0):
    sampler = RandomOverSampler(random_state=seed)
    places, _ = sampler.fit_resample(np.arange(len(frame)).reshape(-1, 1), frame[label])
    order = np.random.default_rng(seed).permutation(len(places))
    return frame.iloc[places[order, 0]].reset_index(drop=True)
