# Wrong: rounds the confidence.
import pandas as pd


def most_confident_errors(frame: pd.DataFrame, k: int = 10) -> pd.DataFrame:
    columns = ["text", "label", "predicted_label", "confidence"]
    wrong = frame[frame["label"] != frame["predicted_label"]]
    return wrong.sort_values("confidence", ascending=False, kind="stable")[columns].head(k).round(2)
