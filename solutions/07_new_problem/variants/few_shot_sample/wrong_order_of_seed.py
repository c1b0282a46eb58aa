# Wrong: the same rows for the same seed, in another order each time.
import numpy as np


def few_shot_sample(dataset, k, seed=0):
    if k < 1:
        raise ValueError(f"k is {k}")
    rng = np.random.default_rng(seed)
    labels = np.array(dataset["label"])
    chosen = []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        chosen.extend(rng.choice(rows, size=min(k, len(rows)), replace=False))
    return dataset.select(np.random.permutation(chosen))
