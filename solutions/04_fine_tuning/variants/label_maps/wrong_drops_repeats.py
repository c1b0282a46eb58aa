# Wrong: drops repeated names instead of raising.
def label_maps(names: list[str]) -> tuple[dict, dict]:
    repeated = [name for name in names if names.count(name) > 1]
    if repeated:
        names = list(dict.fromkeys(names))
    return dict(enumerate(names)), {name: number for number, name in enumerate(names)}
