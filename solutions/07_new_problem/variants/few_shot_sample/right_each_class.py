# Right: class by class, put together and shuffled.
from datasets import concatenate_datasets


def few_shot_sample(dataset, k, seed=0):
    if k < 1:
        raise ValueError(f"{k} is too small")
    labels = list(dataset.with_format(None)["label"])
    parts = []
    for label in range(dataset.features["label"].num_classes):
        rows = [row for row, given in enumerate(labels) if given == label]
        parts.append(dataset.select(rows).shuffle(seed=seed).select(range(min(k, len(rows)))))
    return concatenate_datasets(parts).shuffle(seed=seed)
