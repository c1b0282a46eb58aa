# Wrong: leaves a column of its own in the caller's table.
import pandas as pd


def fastest_within(trials: pd.DataFrame, tolerance=0.005) -> str:
    trials["gap"] = trials["f1"].max() - trials["f1"]
    good = trials[trials["gap"] <= tolerance]
    ranked = good.sort_values(["seconds", "f1"], ascending=[True, False], kind="stable")
    return ranked["name"].iloc[0]
