# Wrong: k rows altogether.


def few_shot_sample(dataset, k, seed=0):
    if k < 1:
        raise ValueError(f"k is {k}")
    return dataset.shuffle(seed=seed).select(range(min(k, len(dataset))))
