# Wrong: sorts upwards and turns the whole round, ties too.
import pandas as pd


def most_confident_errors(frame: pd.DataFrame, k: int = 10) -> pd.DataFrame:
    columns = ["text", "label", "predicted_label", "confidence"]
    wrong = frame[frame["label"] != frame["predicted_label"]]
    ranked = wrong.sort_values("confidence", kind="stable")[::-1]
    return ranked[columns].head(k)
