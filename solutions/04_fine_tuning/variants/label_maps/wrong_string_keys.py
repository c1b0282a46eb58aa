# Wrong: id2label has keys of type str.
def label_maps(names: list[str]) -> tuple[dict, dict]:
    if len(set(names)) < len(names):
        repeated = [name for name in names if names.count(name) > 1]
        raise ValueError(f"repeated: {repeated}")
    id2label = {str(number): name for number, name in enumerate(names)}
    return id2label, {name: number for number, name in enumerate(names)}
