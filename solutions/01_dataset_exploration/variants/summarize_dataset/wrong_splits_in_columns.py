# Wrong: transposed: one column a split.
import pandas as pd


def summarize_dataset(dataset):
    table = {}
    for name, split in dataset.items():
        counts = pd.Series(list(split["label"])).value_counts()
        table[name] = {
            "rows": len(split),
            "classes": len(counts),
            "imbalance": counts.max() / counts.min(),
            "median_words": pd.Series(list(split["text"])).str.split().str.len().median(),
        }
    return pd.DataFrame(table).rename_axis(columns="split")
