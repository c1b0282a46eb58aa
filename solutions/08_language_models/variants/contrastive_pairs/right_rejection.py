# Right: draws two places until the pair is new and of the kind that is missing.
import random
from collections import Counter

import numpy as np


def contrastive_pairs(labels, pairs, seed=0):
    values = np.asarray(labels).tolist()
    counts = Counter(values)
    of_one = sum(count * (count - 1) // 2 for count in counts.values())
    of_two = len(values) * (len(values) - 1) // 2 - of_one
    missing = {True: pairs // 2, False: (pairs + 1) // 2}
    if of_one < missing[True] or of_two < missing[False]:
        raise ValueError(f"{pairs} pairs need more of the same or of different classes")
    source, seen, rows = random.Random(seed), set(), []
    while missing[True] or missing[False]:
        one, other = source.sample(range(len(values)), 2)
        kind = values[one] == values[other]
        if missing[kind] and frozenset((one, other)) not in seen:
            seen.add(frozenset((one, other)))
            rows.append([one, other, kind])
            missing[kind] -= 1
    source.shuffle(rows)
    return np.array(rows).astype("int64").reshape(-1, 3)
