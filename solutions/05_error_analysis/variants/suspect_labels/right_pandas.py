# Right: thresholds by groupby.
import numpy as np
import pandas as pd


def suspect_labels(probabilities, labels):
    labels = np.asarray(labels)
    own = pd.Series(probabilities[np.arange(len(labels)), labels])
    means = own.groupby(labels).mean().reindex(range(probabilities.shape[1]))
    table = pd.DataFrame(probabilities)
    firm = table.where(table.ge(means, axis=1))
    best = firm.fillna(-1.0).to_numpy()
    return best[np.arange(len(labels)), labels] != best.max(axis=1)
