# Right: distances in float32, by the scalar products.
import numpy as np


def neighborhood_purity(embedding, labels, k=10):
    n = len(embedding)
    if not 1 <= k < n:
        raise ValueError(f"k={k} is not between 1 and {n - 1}")
    labels = np.asarray(labels)
    points = np.asarray(embedding, dtype=np.float32)
    distances = np.linalg.norm(points[:, None] - points[None], axis=-1)
    np.fill_diagonal(distances, np.inf)
    nearest = np.argsort(distances, axis=1)[:, :k]
    return float(np.mean(labels[nearest] == labels[:, None]))
