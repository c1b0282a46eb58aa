# Wrong: all columns come back.
import pandas as pd


def most_confident_errors(frame: pd.DataFrame, k: int = 10) -> pd.DataFrame:
    wrong = frame[frame["label"] != frame["predicted_label"]]
    ranked = wrong.sort_values("confidence", ascending=False, kind="stable")
    return ranked.head(k)
