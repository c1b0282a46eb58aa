# Right: each class shuffled by the library, cut, put together and shuffled again.
import numpy as np
from datasets import concatenate_datasets


def few_shot_sample(dataset, k, seed=0):
    if not k > 0:
        raise ValueError(f"{k} rows per class cannot be drawn")
    plain = dataset.with_format(None)
    y = np.array(plain["label"][:])
    parts = [
        plain.select(np.flatnonzero(y == c)).shuffle(seed=seed) for c in sorted(set(y.tolist()))
    ]
    parts = [p.select(range(min(k, len(p)))) for p in parts]
    return concatenate_datasets(parts).shuffle(seed=seed)
