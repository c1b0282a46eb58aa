# Right: places sorted by NumPy.
import pandas as pd


def most_confident_errors(frame: pd.DataFrame, k: int = 10) -> pd.DataFrame:
    columns = ["text", "label", "predicted_label", "confidence"]
    wrong = frame.loc[frame["label"].ne(frame["predicted_label"]), columns]
    order = (-wrong["confidence"].to_numpy()).argsort(kind="stable")
    return wrong.iloc[order[:k]]
