# Right: filled from the last id to the first; a dict is looked up, not read.
def label_maps(names: list[str]) -> tuple[dict, dict]:
    repeated = [name for name in names if names.count(name) > 1]
    if repeated:
        raise ValueError(f"{repeated[0]!r} repeats")
    return {i: names[i] for i in reversed(range(len(names)))}, {
        name: i for i, name in enumerate(names)
    }
