# Right: through a frame of each split.
import pandas as pd


def summarize_dataset(dataset):
    rows = []
    for name in dataset:
        frame = dataset[name].to_pandas()
        counts = frame["label"].value_counts()
        rows.append(
            {
                "split": name,
                "rows": len(frame),
                "classes": frame["label"].nunique(),
                "imbalance": counts.max() / counts.min(),
                "median_words": frame["text"].str.split().str.len().median(),
            }
        )
    return pd.DataFrame(rows).set_index("split")
