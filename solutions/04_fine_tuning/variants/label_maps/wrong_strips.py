# Wrong: strips blanks off the names.
def label_maps(names: list[str]) -> tuple[dict, dict]:
    names = [name.strip() for name in names]
    repeated = [name for name in names if names.count(name) > 1]
    if repeated:
        raise ValueError(f"{repeated[0]!r} repeats")
    return dict(enumerate(names)), {name: number for number, name in enumerate(names)}
