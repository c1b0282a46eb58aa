# Wrong: cosine distance.
import numpy as np
from sklearn.neighbors import NearestNeighbors


def neighborhood_purity(embedding, labels, k=10):
    n = len(embedding)
    if not 1 <= k < n:
        raise ValueError(f"k={k} is not between 1 and {n - 1}")
    search = NearestNeighbors(n_neighbors=k, metric="cosine").fit(embedding)
    nearest = search.kneighbors(return_distance=False)
    labels = np.asarray(labels)
    return float(np.mean(labels[nearest] == labels[:, None]))
