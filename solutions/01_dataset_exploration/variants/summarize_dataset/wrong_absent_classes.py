# Wrong: divides by the count of a class that does not occur.

import numpy as np
import pandas as pd


def summarize_dataset(dataset):
    rows = []
    for split in dataset.values():
        num_classes = split.features["label"].num_classes
        counts = dict(enumerate(np.bincount(split["label"], minlength=num_classes)))
        words = np.median([len(text.split()) for text in split["text"]])
        imbalance = np.divide(max(counts.values()), min(counts.values()))
        present = sum(count > 0 for count in counts.values())
        rows.append((split.num_rows, present, imbalance, float(words)))
    columns = ["rows", "classes", "imbalance", "median_words"]
    return pd.DataFrame(rows, index=pd.Index(list(dataset), name="split"), columns=columns)
