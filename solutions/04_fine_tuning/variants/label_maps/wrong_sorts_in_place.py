# Wrong: sorts the caller's list to find repeats.
def label_maps(names: list[str]) -> tuple[dict, dict]:
    order = list(names)
    names.sort()
    repeated = [one for place, one in enumerate(names[1:]) if one == names[place]]
    if repeated:
        raise ValueError(f"{repeated[0]!r} repeats")
    return dict(enumerate(order)), {name: number for number, name in enumerate(order)}
