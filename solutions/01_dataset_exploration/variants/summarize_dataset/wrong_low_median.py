# Wrong: takes the lower of two middle values.
import statistics
from collections import Counter

import pandas as pd


def summarize_dataset(dataset):
    rows = []
    for split in dataset.values():
        counts = Counter(split["label"])
        words = statistics.median_low(len(text.split()) for text in split["text"])
        imbalance = max(counts.values()) / min(counts.values())
        rows.append((split.num_rows, len(counts), imbalance, float(words)))
    columns = ["rows", "classes", "imbalance", "median_words"]
    return pd.DataFrame(rows, index=pd.Index(list(dataset), name="split"), columns=columns)
