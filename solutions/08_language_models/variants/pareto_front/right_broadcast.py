# Right: all pairs at once; rows are chosen by place.
import numpy as np


def pareto_front(trials):
    f1 = trials["macro_f1"].to_numpy(dtype=float)
    seconds = trials["seconds"].to_numpy(dtype=float)
    better, cheaper = f1[:, None] > f1, seconds[:, None] < seconds
    same_f1, same_seconds = f1[:, None] == f1, seconds[:, None] == seconds
    beats = (better & (cheaper | same_seconds)) | (cheaper & same_f1)
    places = np.flatnonzero(~beats.any(axis=0) & ~np.isnan(f1) & ~np.isnan(seconds))
    return trials.iloc[places[np.argsort(seconds[places], kind="stable")]]
