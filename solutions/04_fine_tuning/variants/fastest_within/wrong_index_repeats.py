# Wrong: looks the row up by its index, which several rows may share.
import pandas as pd


def fastest_within(trials: pd.DataFrame, tolerance=0.005) -> str:
    good = trials[trials["f1"].max() - trials["f1"] <= tolerance]
    ranked = good.sort_values(["seconds", "f1"], ascending=[True, False], kind="stable")
    names = trials.loc[ranked.index[0], "name"]
    return names if isinstance(names, str) else names.iloc[0]
