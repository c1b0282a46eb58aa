# Wrong: an assertion instead of a ValueError.
def label_maps(names: list[str]) -> tuple[dict, dict]:
    assert len(set(names)) == len(names), names
    return dict(enumerate(names)), {name: number for number, name in enumerate(names)}
