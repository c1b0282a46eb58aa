# Wrong: cuts to k before it filters.
import pandas as pd


def most_confident_errors(frame: pd.DataFrame, k: int = 10) -> pd.DataFrame:
    columns = ["text", "label", "predicted_label", "confidence"]
    best = frame.sort_values("confidence", ascending=False, kind="stable").head(k)
    return best.loc[best["label"] != best["predicted_label"], columns]
