# Wrong: the message names neither k nor its value.
import numpy as np


def few_shot_sample(dataset, k, seed=0):
    if k < 1:
        raise ValueError("the sample would be empty, like any unknown one")
    rng = np.random.default_rng(seed)
    labels = np.array(dataset["label"])
    chosen = []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        chosen.extend(rng.choice(rows, size=min(k, len(rows)), replace=False))
    return dataset.select(rng.permutation(chosen))
