# Wrong: takes two names that differ by case for one.
def label_maps(names: list[str]) -> tuple[dict, dict]:
    repeated = [
        name for name in names if [other.lower() for other in names].count(name.lower()) > 1
    ]
    if repeated:
        raise ValueError(f"{repeated[0]!r} repeats")
    return dict(enumerate(names)), {name: number for number, name in enumerate(names)}
