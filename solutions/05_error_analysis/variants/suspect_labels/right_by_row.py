# Right: row by row, thresholds and candidates in dicts.
import numpy as np
import pandas as pd


def suspect_labels(probabilities, labels):
    y = pd.Series(list(labels))
    P = pd.DataFrame(probabilities)
    thr = {c: P.loc[y == c, c].mean() for c in y.unique()}
    res = []
    for i in range(len(P)):
        own = y[i]
        cands = {c: P.at[i, c] for c in sorted(thr) if P.at[i, c] >= thr[c]}
        best = max(cands.values(), default=None)
        res.append(best is not None and cands.get(own) != best)
    return np.array(res)
