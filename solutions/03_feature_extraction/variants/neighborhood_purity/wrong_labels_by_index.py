# Wrong: looks labels up by the index of a Series, not by place.
import numpy as np


def neighborhood_purity(embedding, labels, k=10):
    n = len(embedding)
    if not 1 <= k < n:
        raise ValueError(f"k={k} is not between 1 and {n - 1}")
    if not hasattr(labels, "loc"):
        labels = np.asarray(labels)
    differences = embedding[:, None, :] - embedding[None, :, :]
    distances = np.sqrt((differences**2).sum(axis=-1))
    np.fill_diagonal(distances, np.inf)
    nearest = np.argsort(distances, axis=1)[:, :k]
    own = np.asarray(labels)
    others = np.array([[labels[place] for place in row] for row in nearest])
    return float(np.mean(others == own[:, None]))
