# Right: column by column, with numpy, `statistics.median`, and the split in another format.
import statistics

import numpy as np
import pandas as pd


def summarize_dataset(dataset):
    def counts(split):
        return np.unique(split.with_format("numpy")["label"][:], return_counts=True)[1]

    table = pd.DataFrame(index=pd.Index(list(dataset.keys()), name="split"))
    table["rows"] = [len(split) for split in dataset.values()]
    table["classes"] = [counts(split).size for split in dataset.values()]
    table["imbalance"] = [
        counts(split).max() / counts(split).min() if len(split) else float("nan")
        for split in dataset.values()
    ]
    table["median_words"] = [
        float(statistics.median(len(text.split()) for text in split["text"]))
        if len(split)
        else float("nan")
        for split in dataset.values()
    ]
    return table
