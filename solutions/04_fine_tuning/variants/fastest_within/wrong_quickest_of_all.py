# Wrong: the tolerance is not used.
import pandas as pd


def fastest_within(trials: pd.DataFrame, tolerance=0.005) -> str:
    ranked = trials.sort_values(["seconds", "f1"], ascending=[True, False], kind="stable")
    return ranked["name"].iloc[0]
