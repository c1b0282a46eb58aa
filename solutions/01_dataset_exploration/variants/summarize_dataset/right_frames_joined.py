# Right: a frame of one row per split, put together; the columns named at the end.
import pandas as pd


def summarize_dataset(dataset):
    frames = []
    for split in dataset.values():
        frame = split.with_format(None).to_pandas()
        counts = frame.groupby("label").size()
        words = frame["text"].map(lambda text: len(text.split())).astype(float)
        frames.append(
            pd.DataFrame([[len(frame), len(counts), counts.max() / counts.min(), words.median()]])
        )
    table = pd.concat(frames)
    table.columns = ["rows", "classes", "imbalance", "median_words"]
    table.index = pd.Index(list(dataset), name="split")
    return table
