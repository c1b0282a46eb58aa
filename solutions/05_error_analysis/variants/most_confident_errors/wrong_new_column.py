# Wrong: leaves a column of its own in the caller's frame.
import pandas as pd


def most_confident_errors(frame: pd.DataFrame, k: int = 10) -> pd.DataFrame:
    columns = ["text", "label", "predicted_label", "confidence"]
    frame["wrong"] = frame["label"] != frame["predicted_label"]
    ranked = frame[frame["wrong"]].sort_values("confidence", ascending=False, kind="stable")
    return ranked[columns].head(k)
