# Right: a matrix of who has whose class, and one order for all pairs.
import numpy as np


def contrastive_pairs(labels, pairs, seed=0):
    rng = np.random.RandomState(seed)
    array = np.array(labels)
    alike = array[:, None] == array[None, :]
    below = np.tri(len(array), k=-1, dtype=bool)
    halves = []
    for what, mask, count in (
        ("same", alike & below, pairs // 2),
        ("different", ~alike & below, pairs - pairs // 2),
    ):
        found = np.argwhere(mask)
        if len(found) < count:
            raise ValueError(f"fewer than {count} pairs of kind {what!r}")
        rng.shuffle(found)
        kind = np.full((count, 1), what == "same")
        halves.append(np.hstack([found[:count], kind]))
    rows = np.vstack(halves)
    return rows[rng.permutation(pairs)].astype(np.int64)
