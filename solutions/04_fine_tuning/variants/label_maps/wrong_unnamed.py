# Wrong: the message does not say which name repeats.
def label_maps(names: list[str]) -> tuple[dict, dict]:
    if len(set(names)) < len(names):
        raise ValueError("the names must be distinct")
    return dict(enumerate(names)), {name: number for number, name in enumerate(names)}
