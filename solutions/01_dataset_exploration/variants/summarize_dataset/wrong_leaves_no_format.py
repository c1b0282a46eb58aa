# Wrong: resets the format of a dataset that had one.
# Says: after the call its format is None
from collections import Counter

import numpy as np
import pandas as pd


def summarize_dataset(dataset):
    rows = []
    dataset.reset_format()
    for split in dataset.values():
        labels, texts = list(split["label"]), list(split["text"])
        counts = Counter(labels).values()
        words = float(np.median([len(text.split()) for text in texts])) if texts else np.nan
        imbalance = max(counts) / min(counts) if counts else np.nan
        rows.append((len(texts), len(counts), imbalance, words))
    columns = ["rows", "classes", "imbalance", "median_words"]
    return pd.DataFrame(rows, index=pd.Index(list(dataset), name="split"), columns=columns)
