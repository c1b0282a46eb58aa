# Wrong: the first k rows of each class, shuffled.
import numpy as np


def few_shot_sample(dataset, k, seed=0):
    if k < 1:
        raise ValueError(f"k is {k}")
    rng = np.random.default_rng(seed)
    labels = np.array(dataset["label"])
    chosen = []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        chosen.extend(rows[:k])
    return dataset.select(rng.permutation(chosen))
