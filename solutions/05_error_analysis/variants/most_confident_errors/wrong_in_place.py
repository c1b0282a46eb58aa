# Wrong: sorts the caller's frame.
import pandas as pd


def most_confident_errors(frame: pd.DataFrame, k: int = 10) -> pd.DataFrame:
    columns = ["text", "label", "predicted_label", "confidence"]
    frame.sort_values("confidence", ascending=False, kind="stable", inplace=True)
    return frame.loc[frame["label"] != frame["predicted_label"], columns].head(k)
