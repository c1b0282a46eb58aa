# Wrong: the features are lost on the way through pandas.
import pandas as pd
from datasets import Dataset


def few_shot_sample(dataset, k, seed=0):
    if k < 1:
        raise ValueError(f"k is {k}")
    frame = pd.DataFrame(dataset.to_dict()).sample(frac=1, random_state=seed)
    sample = frame.groupby("label").head(k)
    return Dataset.from_dict(sample.to_dict(orient="list"))
