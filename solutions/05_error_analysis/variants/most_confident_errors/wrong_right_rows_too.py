# Wrong: right rows come back, too.
import pandas as pd


def most_confident_errors(frame: pd.DataFrame, k: int = 10) -> pd.DataFrame:
    columns = ["text", "label", "predicted_label", "confidence"]
    ranked = frame.sort_values("confidence", ascending=False, kind="stable")
    return ranked[columns].head(k)
