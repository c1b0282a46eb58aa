# Wrong: label2id comes first.
def label_maps(names: list[str]) -> tuple[dict, dict]:
    if len(set(names)) < len(names):
        repeated = [name for name in names if names.count(name) > 1]
        raise ValueError(f"repeated: {repeated}")
    return {name: number for number, name in enumerate(names)}, dict(enumerate(names))
