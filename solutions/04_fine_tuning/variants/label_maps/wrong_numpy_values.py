# Wrong: NumPy's integers in label2id, which JSON does not take.
import numpy as np


def label_maps(names: list[str]) -> tuple[dict, dict]:
    repeated = [name for name in names if names.count(name) > 1]
    if repeated:
        raise ValueError(f"{repeated[0]!r} repeats")
    return dict(enumerate(names)), dict(zip(names, np.arange(len(names)), strict=True))
