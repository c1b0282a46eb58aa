# Right: Python's sorted over places.
import pandas as pd


def most_confident_errors(frame: pd.DataFrame, k: int = 10) -> pd.DataFrame:
    columns = ["text", "label", "predicted_label", "confidence"]
    wrong = [place for place in range(len(frame)) if _is_wrong(frame.iloc[place])]
    confidence = frame["confidence"].tolist()
    best = sorted(wrong, key=lambda place: confidence[place], reverse=True)
    return frame[columns].iloc[best[:k]]


def _is_wrong(row):
    return row["label"] != row["predicted_label"]
