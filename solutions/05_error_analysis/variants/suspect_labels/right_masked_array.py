# Right: a masked array, and thresholds by one-hot labels.
import numpy as np


def suspect_labels(probabilities, labels):
    labels = np.asarray(labels)
    chosen = np.eye(probabilities.shape[1])[labels]
    counts = chosen.sum(axis=0)
    sums = (chosen * probabilities).sum(axis=0)
    thresholds = np.divide(sums, counts, out=np.full(len(counts), 2.0), where=counts > 0)
    firm = np.ma.masked_where(probabilities < thresholds, probabilities)
    best = firm.filled(-1.0)
    return best.max(axis=1) > np.take_along_axis(best, labels[:, None], axis=1)[:, 0]
