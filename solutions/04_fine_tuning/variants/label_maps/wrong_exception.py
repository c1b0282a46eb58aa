# Wrong: repeated names raise KeyError.
def label_maps(names: list[str]) -> tuple[dict, dict]:
    if len(set(names)) < len(names):
        repeated = [name for name in names if names.count(name) > 1]
        raise KeyError(f"repeated: {repeated}")
    return dict(enumerate(names)), {name: number for number, name in enumerate(names)}
