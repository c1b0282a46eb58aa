# Right: sorted once, with the best so far.
import numpy as np
import pandas as pd


def pareto_front(trials: pd.DataFrame) -> pd.DataFrame:
    known = trials[trials["macro_f1"].notna() & trials["seconds"].notna()]
    ranked = known.sort_values(["seconds", "macro_f1"], ascending=[True, False], kind="stable")
    kept, best = [], None
    for f1, seconds in zip(ranked["macro_f1"], ranked["seconds"], strict=True):
        if best is None or f1 > best[0]:
            best = (f1, seconds)
        kept.append((f1, seconds) == best)
    return ranked[np.array(kept, dtype=bool)]
