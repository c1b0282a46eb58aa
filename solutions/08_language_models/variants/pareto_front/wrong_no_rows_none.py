# Wrong: None without rows.
import numpy as np
import pandas as pd


def pareto_front(trials: pd.DataFrame) -> pd.DataFrame:
    known = trials.dropna(subset=["macro_f1", "seconds"])
    f1, seconds = known["macro_f1"].to_numpy(), known["seconds"].to_numpy()
    if len(known) == 0:
        return None
    kept = []
    for a, b in zip(f1, seconds, strict=True):
        beats = (f1 >= a) & (seconds <= b) & ((f1 > a) | (seconds < b))
        kept.append(not beats.any())
    front = known[np.array(kept, dtype=bool)]
    return front.sort_values("seconds", kind="stable")
