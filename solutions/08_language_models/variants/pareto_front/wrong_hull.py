# Wrong: only rows on the convex hull: not those below the line between two others.
import numpy as np
import pandas as pd


def pareto_front(trials: pd.DataFrame) -> pd.DataFrame:
    known = trials.dropna(subset=["macro_f1", "seconds"])
    f1, seconds = known["macro_f1"].to_numpy(), known["seconds"].to_numpy()
    kept = []
    for a, b in zip(f1, seconds, strict=True):
        beats = (f1 >= a) & (seconds <= b) & ((f1 > a) | (seconds < b))
        kept.append(not beats.any())
    kept = np.array(kept, dtype=bool)
    for place in np.flatnonzero(kept):
        left = kept & (seconds < seconds[place])
        right = kept & (seconds > seconds[place]) & np.isfinite(seconds)
        for one in np.flatnonzero(left):
            for two in np.flatnonzero(right):
                share = (seconds[place] - seconds[one]) / (seconds[two] - seconds[one])
                if f1[place] < f1[one] + share * (f1[two] - f1[one]):
                    kept[place] = False
    front = known[np.array(kept, dtype=bool)]
    return front.sort_values("seconds", kind="stable")
