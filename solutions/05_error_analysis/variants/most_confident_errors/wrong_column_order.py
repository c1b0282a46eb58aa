# Wrong: another order of the columns.
import pandas as pd


def most_confident_errors(frame: pd.DataFrame, k: int = 10) -> pd.DataFrame:
    columns = ["label", "predicted_label", "confidence", "text"]
    wrong = frame[frame["label"] != frame["predicted_label"]]
    ranked = wrong.sort_values("confidence", ascending=False, kind="stable")
    return ranked[columns].head(k)
