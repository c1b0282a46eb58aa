# Right: scikit-learn's resample and shuffle, class by class.
import pandas as pd
from sklearn.utils import resample, shuffle


def oversample(frame, label="label", seed=0):
    groups = [frame[frame[label] == kind] for kind in frame[label].unique()]
    largest = max(len(group) for group in groups)
    more = [
        resample(group, n_samples=largest - len(group), random_state=seed)
        for group in groups
        if len(group) < largest
    ]
    return shuffle(pd.concat(groups + more), random_state=seed).reset_index(drop=True)
