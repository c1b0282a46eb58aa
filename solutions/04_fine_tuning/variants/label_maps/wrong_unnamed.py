# Wrong: the message says neither which name repeats nor in which argument.
def label_maps(names: list[str]) -> tuple[dict, dict]:
    repeated = [name for name in names if names.count(name) > 1]
    if repeated:
        raise ValueError("duplicates are not allowed")
    return dict(enumerate(names)), {name: number for number, name in enumerate(names)}
