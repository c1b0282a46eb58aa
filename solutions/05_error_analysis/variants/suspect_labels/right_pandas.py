# Right: thresholds by groupby.
import numpy as np
import pandas as pd


def suspect_labels(probabilities, labels):
    labels = np.asarray(labels)
    own = pd.Series(probabilities[np.arange(len(labels)), labels])
    means = own.groupby(labels).mean().reindex(range(probabilities.shape[1]))
    table = pd.DataFrame(probabilities)
    firm = table.where(table.ge(means, axis=1))
    found = firm.notna().any(axis=1).to_numpy()
    best = firm.fillna(-1.0).to_numpy().argmax(axis=1)
    return found & (best != labels)
