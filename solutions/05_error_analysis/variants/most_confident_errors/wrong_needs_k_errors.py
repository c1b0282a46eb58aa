# Wrong: fails where there are fewer errors than k.
import pandas as pd


def most_confident_errors(frame: pd.DataFrame, k: int = 10) -> pd.DataFrame:
    columns = ["text", "label", "predicted_label", "confidence"]
    wrong = frame[frame["label"] != frame["predicted_label"]]
    ranked = wrong.sort_values("confidence", ascending=False, kind="stable")
    return pd.DataFrame([ranked[columns].iloc[place] for place in range(k)])
