# Right: query and nlargest, which keeps the first of ties first.
import pandas as pd


def most_confident_errors(frame: pd.DataFrame, k: int = 10) -> pd.DataFrame:
    columns = ["text", "label", "predicted_label", "confidence"]
    return frame.query("label != predicted_label").nlargest(k, "confidence")[columns]
