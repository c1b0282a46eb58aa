# Wrong: finds rows again by their index, which may repeat.
import pandas as pd


def most_confident_errors(frame: pd.DataFrame, k: int = 10) -> pd.DataFrame:
    columns = ["text", "label", "predicted_label", "confidence"]
    wrong = frame[frame["label"] != frame["predicted_label"]]
    best = wrong["confidence"].sort_values(ascending=False, kind="stable").head(k)
    return frame.loc[best.index, columns]
