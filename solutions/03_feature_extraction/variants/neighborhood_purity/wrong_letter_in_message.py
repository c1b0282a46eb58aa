# Wrong: the message has the letter k in it, and does not name k.
# Says: does not name
import numpy as np


def neighborhood_purity(embedding, labels, k=10):
    n = len(embedding)
    if not 1 <= k < n:
        raise ValueError("unknown neighbours asked for")
    labels = np.asarray(labels)
    differences = embedding[:, None, :] - embedding[None, :, :]
    distances = np.sqrt((differences**2).sum(axis=-1))
    np.fill_diagonal(distances, np.inf)
    nearest = np.argsort(distances, axis=1)[:, :k]
    return float(np.mean(labels[nearest] == labels[:, None]))
