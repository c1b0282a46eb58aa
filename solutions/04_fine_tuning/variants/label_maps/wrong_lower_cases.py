# Wrong: lower-cases the names in id2label.
def label_maps(names: list[str]) -> tuple[dict, dict]:
    repeated = [name for name in names if names.count(name) > 1]
    if repeated:
        raise ValueError(f"{repeated[0]!r} repeats")
    return dict(enumerate(map(str.lower, names))), {
        name: number for number, name in enumerate(names)
    }
