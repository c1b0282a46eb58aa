# Wrong: of trials with one name it looks at the first alone.
def fastest_within(trials, tolerance=0.005):
    trials = trials.drop_duplicates("name")
    good = trials[trials["f1"].max() - trials["f1"] <= tolerance]
    ranked = good.sort_values(["seconds", "f1"], ascending=[True, False], kind="stable")
    return ranked["name"].iloc[0]
