# Wrong: seconds that differ by less than a tenth count as equal.
def fastest_within(trials, tolerance=0.005):
    good = trials[trials["f1"].max() - trials["f1"] <= tolerance]
    good = good.assign(seconds=good["seconds"].round(1))
    ranked = good.sort_values(["seconds", "f1"], ascending=[True, False], kind="stable")
    return ranked["name"].iloc[0]
