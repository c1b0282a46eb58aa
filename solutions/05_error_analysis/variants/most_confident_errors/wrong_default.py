# Wrong: five rows by default.
import pandas as pd


def most_confident_errors(frame: pd.DataFrame, k: int = 5) -> pd.DataFrame:
    columns = ["text", "label", "predicted_label", "confidence"]
    wrong = frame[frame["label"] != frame["predicted_label"]]
    ranked = wrong.sort_values("confidence", ascending=False, kind="stable")
    return ranked[columns].head(k)
