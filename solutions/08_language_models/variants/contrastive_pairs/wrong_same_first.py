# Wrong: `same` in the first column.
import itertools

import numpy as np


def contrastive_pairs(labels, pairs, seed=0):
    values = list(labels)
    rng = np.random.default_rng(seed)
    same, different = [], []
    for one, other in itertools.combinations(range(len(values)), 2):
        if values[one] == values[other]:
            same.append((1, one, other))
        else:
            different.append((0, one, other))
    wanted = pairs // 2
    if wanted > len(same):
        raise ValueError("not enough pairs of the same class")
    if pairs - wanted > len(different):
        raise ValueError("not enough pairs of different classes")
    rows = [same[place] for place in rng.choice(len(same), wanted, replace=False)] if wanted else []
    rows += [
        different[place] for place in rng.choice(len(different), pairs - wanted, replace=False)
    ]
    rng.shuffle(rows)
    return np.array(rows, dtype=np.int64)
