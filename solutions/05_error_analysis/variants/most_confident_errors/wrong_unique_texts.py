# Wrong: drops rows that share an index with another.
import pandas as pd


def most_confident_errors(frame: pd.DataFrame, k: int = 10) -> pd.DataFrame:
    columns = ["text", "label", "predicted_label", "confidence"]
    wrong = frame[frame["label"] != frame["predicted_label"]]
    wrong = wrong[~wrong.index.duplicated()]
    return wrong.sort_values("confidence", ascending=False, kind="stable")[columns].head(k)
