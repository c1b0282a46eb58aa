# Right: groups the places by class; a class is drawn first, then two of its messages.
import numpy as np
import pandas as pd


def contrastive_pairs(labels, pairs, seed=0):
    names, codes = np.unique(np.asarray(labels, dtype=object).astype(str), return_inverse=True)
    places = [np.flatnonzero(codes == code) for code in range(len(names))]
    sizes = np.array([len(group) for group in places], dtype=np.int64)
    same = pairs // 2
    different = pairs - same
    if (sizes * (sizes - 1)).sum() < 2 * same:
        raise ValueError("same: too few")
    if sizes.sum() ** 2 - (sizes**2).sum() < 2 * different:
        raise ValueError("different: too few")
    rng = np.random.default_rng([seed, 8])
    large = [group for group in places if len(group) > 1]
    chosen = {}
    while len(chosen) < same:
        group = large[rng.integers(len(large))]
        one, other = sorted(rng.choice(group, size=2, replace=False).tolist())
        chosen[one, other] = 1
    while len(chosen) < pairs:
        left, right = rng.choice(len(places), size=2, replace=False)
        one, other = sorted((int(rng.choice(places[left])), int(rng.choice(places[right]))))
        chosen[other, one] = 0
    frame = pd.DataFrame([(*key, value) for key, value in chosen.items()], dtype=np.int64)
    return frame.sample(frac=1, random_state=rng).to_numpy()
