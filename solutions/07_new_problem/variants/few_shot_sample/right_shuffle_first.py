# Right: shuffles the dataset, then keeps the first k of each class.
def few_shot_sample(dataset, k, seed=0):
    if k < 1:
        raise ValueError(f"cannot draw {k} rows")
    mixed = dataset.shuffle(seed=seed)
    seen, keep = {}, []
    for row, label in enumerate(mixed.with_format(None)["label"]):  # a tensor equals no other
        seen[label] = seen.get(label, 0) + 1
        if seen[label] <= k:
            keep.append(row)
    return mixed.select(keep)
