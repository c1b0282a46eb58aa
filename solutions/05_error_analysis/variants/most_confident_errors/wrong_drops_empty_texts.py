# Wrong: leaves out rows whose text is blank.
import pandas as pd


def most_confident_errors(frame: pd.DataFrame, k: int = 10) -> pd.DataFrame:
    columns = ["text", "label", "predicted_label", "confidence"]
    wrong = frame[frame["label"] != frame["predicted_label"]]
    wrong = wrong[wrong["text"].str.strip() != ""]
    return wrong.sort_values("confidence", ascending=False, kind="stable")[columns].head(k)
