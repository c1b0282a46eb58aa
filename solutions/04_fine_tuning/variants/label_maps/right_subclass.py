# Right: a subclass of ValueError that names the argument.
class Repeated(ValueError):
    pass


def label_maps(names: list[str]) -> tuple[dict, dict]:
    repeated = [name for name in names if names.count(name) > 1]
    if repeated:
        raise Repeated("names must differ from one another")
    return dict(enumerate(names)), {name: number for number, name in enumerate(names)}
