# Wrong: a row is compared only with the next cheaper one.
import numpy as np
import pandas as pd


def pareto_front(trials: pd.DataFrame) -> pd.DataFrame:
    known = trials.dropna(subset=["macro_f1", "seconds"])
    f1, seconds = known["macro_f1"].to_numpy(), known["seconds"].to_numpy()
    order = np.lexsort((-f1, seconds))
    kept = np.ones(len(f1), dtype=bool)
    for place in range(1, len(order)):
        one, two = order[place - 1], order[place]
        same = f1[one] == f1[two] and seconds[one] == seconds[two]
        kept[two] = f1[two] > f1[one] or (same and kept[one])
    front = known[np.array(kept, dtype=bool)]
    return front.sort_values("seconds", kind="stable")
