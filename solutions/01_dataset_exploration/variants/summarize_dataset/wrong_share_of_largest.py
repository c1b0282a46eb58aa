# Wrong: the share of the largest class instead of the ratio of counts.
from collections import Counter

import numpy as np
import pandas as pd


def summarize_dataset(dataset):
    rows = []
    for split in dataset.values():
        counts = Counter(split["label"])
        words = np.median([len(text.split()) for text in split["text"]])
        imbalance = max(counts.values()) / split.num_rows
        rows.append((split.num_rows, len(counts), imbalance, float(words)))
    columns = ["rows", "classes", "imbalance", "median_words"]
    return pd.DataFrame(rows, index=pd.Index(list(dataset), name="split"), columns=columns)
