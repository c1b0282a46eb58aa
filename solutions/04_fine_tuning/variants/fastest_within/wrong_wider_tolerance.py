# Wrong: lets the distance be a little larger than the tolerance.
def fastest_within(trials, tolerance=0.005):
    good = trials[trials["f1"].max() - trials["f1"] <= tolerance + 1e-4]
    ranked = good.sort_values(["seconds", "f1"], ascending=[True, False], kind="stable")
    return ranked["name"].iloc[0]
