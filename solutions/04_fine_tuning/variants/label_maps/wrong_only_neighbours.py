# Wrong: only neighbours are compared.
import itertools


def label_maps(names: list[str]) -> tuple[dict, dict]:
    for one, other in itertools.pairwise(names):
        if one == other:
            raise ValueError(f"{one} repeats")
    return dict(enumerate(names)), {name: number for number, name in enumerate(names)}
