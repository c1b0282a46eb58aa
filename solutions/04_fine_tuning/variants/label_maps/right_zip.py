# Right: zip and range; Counter finds repeats.
from collections import Counter


def label_maps(names: list[str]) -> tuple[dict, dict]:
    often = [name for name, count in Counter(names).items() if count > 1]
    if often:
        raise ValueError(f"repeated names: {often}")
    numbers = range(len(names))
    return dict(zip(numbers, names, strict=True)), dict(zip(names, numbers, strict=True))
