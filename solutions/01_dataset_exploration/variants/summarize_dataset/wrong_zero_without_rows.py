# Wrong: zeros in place of NaN for a split without rows.
# Says: For a split without rows the column imbalance: expected nan; got 0.0.
from collections import Counter

import numpy as np
import pandas as pd


def summarize_dataset(dataset):
    rows = []
    for split in dataset.values():
        labels, texts = list(split["label"]), list(split["text"])
        counts = Counter(labels).values()
        words = float(np.median([len(text.split()) for text in texts])) if texts else 0.0
        imbalance = max(counts) / min(counts) if counts else 0.0
        rows.append((len(texts), len(counts), imbalance, words))
    columns = ["rows", "classes", "imbalance", "median_words"]
    return pd.DataFrame(rows, index=pd.Index(list(dataset), name="split"), columns=columns)
