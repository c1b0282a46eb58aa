# Right: three filters, one after another.
import pandas as pd


def fastest_within(trials: pd.DataFrame, tolerance=0.005) -> str:
    good = trials.loc[trials["f1"].max() - trials["f1"] <= tolerance]
    quick = good.loc[good["seconds"] == good["seconds"].min()]
    best = quick.loc[quick["f1"] == quick["f1"].max()]
    return best["name"].tolist()[0]
