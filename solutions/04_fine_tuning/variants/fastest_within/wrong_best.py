# Wrong: the best f1, whatever it costs.
import pandas as pd


def fastest_within(trials: pd.DataFrame, tolerance=0.005) -> str:
    return trials.sort_values("f1", ascending=False, kind="stable")["name"].iloc[0]
