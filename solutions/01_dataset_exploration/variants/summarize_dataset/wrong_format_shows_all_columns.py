# Wrong: the format's type stays, but not its choice of columns.
import statistics
from collections import Counter

import pandas as pd


def summarize_dataset(dataset):
    rows = []
    names = []
    for name, split in dataset.items():
        whole, kind = split, split.format["type"]
        split = split.with_format(None)
        whole.set_format(kind)
        labels = list(split["label"])
        texts = list(split["text"])
        counts = Counter(labels)
        lengths = [len(text.split()) for text in texts]
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
