# Wrong: counts from 1.
def label_maps(names: list[str]) -> tuple[dict, dict]:
    if len(set(names)) < len(names):
        repeated = [name for name in names if names.count(name) > 1]
        raise ValueError(f"repeated: {repeated}")
    return dict(enumerate(names, 1)), {name: number for number, name in enumerate(names, 1)}
