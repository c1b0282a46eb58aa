# Right: shuffle in pandas, number the rows of each class, select.
import pandas as pd


def few_shot_sample(dataset, k, seed=0):
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    labels = pd.Series(dataset["label"][:]).sample(frac=1, random_state=seed)
    return dataset.select(labels.index[labels.groupby(labels).cumcount() < k])
