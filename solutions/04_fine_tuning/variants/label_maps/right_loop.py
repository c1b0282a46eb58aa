# Right: one loop builds both.
def label_maps(names: list[str]) -> tuple[dict, dict]:
    id2label, label2id = {}, {}
    for name in names:
        if name in label2id:
            raise ValueError(f"{name!r} stands twice among the names")
        id2label[len(id2label)] = name
        label2id[name] = len(label2id)
    return id2label, label2id
