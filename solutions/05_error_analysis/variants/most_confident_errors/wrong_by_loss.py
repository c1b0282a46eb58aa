# Wrong: sorted by another column.
import pandas as pd


def most_confident_errors(frame: pd.DataFrame, k: int = 10) -> pd.DataFrame:
    columns = ["text", "label", "predicted_label", "confidence"]
    wrong = frame[frame["label"] != frame["predicted_label"]]
    key = "loss" if "loss" in wrong else "confidence"
    return wrong.sort_values(key, ascending=False, kind="stable")[columns].head(k)
