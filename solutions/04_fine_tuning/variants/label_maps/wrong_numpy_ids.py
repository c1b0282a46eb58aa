# Wrong: NumPy's integers, which JSON does not take.
import numpy as np


def label_maps(names: list[str]) -> tuple[dict, dict]:
    repeated = [name for name in names if names.count(name) > 1]
    if repeated:
        raise ValueError(f"{repeated[0]!r} repeats")
    return dict(zip(np.arange(len(names)), names, strict=True)), {
        name: number for number, name in enumerate(names)
    }
