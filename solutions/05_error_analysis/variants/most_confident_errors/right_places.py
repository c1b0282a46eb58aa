# Right: places in a Series of their own, sorted by it.
import pandas as pd


def most_confident_errors(frame: pd.DataFrame, k: int = 10) -> pd.DataFrame:
    columns = ["text", "label", "predicted_label", "confidence"]
    errors = frame["label"].to_numpy() != frame["predicted_label"].to_numpy()
    confidence = pd.Series(frame["confidence"].to_numpy())[errors]
    places = confidence.sort_values(ascending=False, kind="mergesort").index[:k]
    return frame.iloc[places][columns]
