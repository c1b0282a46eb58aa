# Wrong: pairs of one class alone count.
import itertools

import numpy as np


def contrastive_pairs(labels, pairs, seed=0):
    values = list(labels)
    rng = np.random.default_rng(seed)
    same, different = [], []
    for one, other in itertools.combinations(range(len(values)), 2):
        if values[one] == values[other]:
            same.append((one, other, 1))
        else:
            different.append((one, other, 0))
    wanted = min(pairs, len(same))
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
