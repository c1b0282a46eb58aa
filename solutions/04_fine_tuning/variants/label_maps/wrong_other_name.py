# Wrong: the message names the first name, whichever repeats.


def label_maps(names):
    if len(set(names)) < len(names):
        raise ValueError(f"{names[0]!r} is one of several")
    return dict(enumerate(names)), {name: i for i, name in enumerate(names)}
