# Wrong: pairs come again where there are too few.
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
    wanted = pairs // 2
    if wanted > len(same):
        same = same * wanted
    if pairs - wanted > len(different):
        different = different * pairs
    rows = [same[place] for place in rng.choice(len(same), wanted, replace=False)] if wanted else []
    rows += [
        different[place] for place in rng.choice(len(different), pairs - wanted, replace=False)
    ]
    rng.shuffle(rows)
    return np.array(rows, dtype=np.int64)
