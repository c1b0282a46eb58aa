# Right: a subclass of ValueError that names k, not its value.
import numpy as np


class NotEnoughPoints(ValueError):
    pass


def neighborhood_purity(embedding, labels, k=10):
    n = len(embedding)
    if not 1 <= k < n:
        raise NotEnoughPoints("k must be at least 1 and less than the number of points")
    labels = np.asarray(labels)
    differences = embedding[:, None, :] - embedding[None, :, :]
    distances = np.sqrt((differences**2).sum(axis=-1))
    np.fill_diagonal(distances, np.inf)
    nearest = np.argsort(distances, axis=1)[:, :k]
    return float(np.mean(labels[nearest] == labels[:, None]))
