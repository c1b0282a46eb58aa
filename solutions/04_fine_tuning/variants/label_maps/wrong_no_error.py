# Wrong: repeated names pass.
def label_maps(names: list[str]) -> tuple[dict, dict]:
    return dict(enumerate(names)), {name: number for number, name in enumerate(names)}
