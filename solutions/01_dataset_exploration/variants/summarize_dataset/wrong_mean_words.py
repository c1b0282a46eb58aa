# Wrong: the mean of words instead of the median.
from collections import Counter

import numpy as np
import pandas as pd


def summarize_dataset(dataset):
    rows = []
    for split in dataset.values():
        counts = Counter(split["label"])
        words = np.mean([len(text.split()) for text in split["text"]])
        imbalance = max(counts.values()) / min(counts.values())
        rows.append((split.num_rows, len(counts), imbalance, float(words)))
    columns = ["rows", "classes", "imbalance", "median_words"]
    return pd.DataFrame(rows, index=pd.Index(list(dataset), name="split"), columns=columns)
