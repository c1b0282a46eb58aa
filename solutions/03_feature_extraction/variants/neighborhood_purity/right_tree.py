# Right: a tree asked for one more, the point itself taken out by its number.
import numpy as np
from scipy.spatial import cKDTree


def neighborhood_purity(embedding, labels, k=10):
    points, labels = np.asarray(embedding, dtype=float), np.asarray(labels)
    if k < 1 or k >= len(points):
        raise ValueError(f"k must be at least 1 and below {len(points)}, not {k}")
    shares = []
    for one, point in enumerate(points):
        others = np.delete(np.arange(len(points)), one)
        _, found = cKDTree(points[others]).query(point, k=range(1, k + 1))
        shares.append(np.mean([labels[others[row]] == labels[one] for row in found]))
    return float(np.mean(shares))
