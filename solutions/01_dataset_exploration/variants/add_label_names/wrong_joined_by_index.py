# Wrong: joins the names by the index, which multiplies rows that share one.
# Says: Rows that share an index are rows all the same
import pandas as pd


def add_label_names(frame, names):
    for label in frame["label"]:
        if not 0 <= label < len(names):
            raise ValueError(f"label {label} has no name")
    named = pd.Series([names[label] for label in frame["label"]], frame.index, name="label_name")
    return frame.join(named)
