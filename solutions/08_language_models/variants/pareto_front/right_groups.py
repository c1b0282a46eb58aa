# Right: the best of each number of seconds must be better than all that are cheaper.
def pareto_front(trials):
    numbers = trials[["macro_f1", "seconds"]].reset_index(drop=True).dropna()
    best = numbers.groupby("seconds")["macro_f1"].max().sort_index()
    before = best.cummax().shift()
    front = best[before.isna() | (best > before)]
    chosen = numbers[numbers["macro_f1"] == numbers["seconds"].map(front)]
    return trials.take(chosen.sort_values("seconds", kind="mergesort").index)
