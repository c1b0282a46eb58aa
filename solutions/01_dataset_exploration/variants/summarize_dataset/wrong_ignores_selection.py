# Wrong: reads the table below, in which no row was selected.
# Says: `split.data` is the table before rows were selected
from collections import Counter

import numpy as np
import pandas as pd


def summarize_dataset(dataset):
    rows = []
    for split in dataset.values():
        labels, texts = split.data["label"].to_pylist(), split.data["text"].to_pylist()
        counts = Counter(labels).values()
        words = float(np.median([len(text.split()) for text in texts])) if texts else np.nan
        imbalance = max(counts) / min(counts) if counts else np.nan
        rows.append((len(texts), len(counts), imbalance, words))
    columns = ["rows", "classes", "imbalance", "median_words"]
    return pd.DataFrame(rows, index=pd.Index(list(dataset), name="split"), columns=columns)
