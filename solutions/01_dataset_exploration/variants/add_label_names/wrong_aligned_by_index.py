# Wrong: the names are aligned by the index 0 to n - 1, not by row.
import pandas as pd


def add_label_names(frame, names):
    for label in frame["label"]:
        if not 0 <= label < len(names):
            raise ValueError(f"label {label} has no name")
    return frame.assign(label_name=pd.Series([names[label] for label in frame["label"]]))
