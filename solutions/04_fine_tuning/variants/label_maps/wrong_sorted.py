# Wrong: the names are sorted, in place.
def label_maps(names: list[str]) -> tuple[dict, dict]:
    if len(set(names)) < len(names):
        repeated = [name for name in names if names.count(name) > 1]
        raise ValueError(f"repeated: {repeated}")
    names.sort()
    return dict(enumerate(names)), {name: number for number, name in enumerate(names)}
