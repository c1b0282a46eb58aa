# Wrong: a message without words has one.
import statistics
from collections import Counter

import pandas as pd


def summarize_dataset(dataset):
    rows = []
    names = []
    for name, split in dataset.items():
        split = split.with_format(None)
        labels = list(split["label"])
        texts = list(split["text"])
        counts = Counter(labels)
        lengths = [len(" ".join(text.split()).split(" ")) for text in texts]
        rows.append(
            {
                "rows": len(labels),
                "classes": len(counts),
                "imbalance": max(counts.values()) / min(counts.values())
                if counts
                else float("nan"),
                "median_words": float(statistics.median(lengths)) if lengths else float("nan"),
            }
        )
        names.append(name)
    columns = ["rows", "classes", "imbalance", "median_words"]
    return pd.DataFrame(rows, index=pd.Index(names, name="split"), columns=columns)
