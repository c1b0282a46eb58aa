# Wrong: the tolerance is a share of the best f1.
import pandas as pd


def fastest_within(trials: pd.DataFrame, tolerance=0.005) -> str:
    good = trials[trials["f1"] >= trials["f1"].max() * (1 - tolerance)]
    ranked = good.sort_values(["seconds", "f1"], ascending=[True, False], kind="stable")
    return ranked["name"].iloc[0]
