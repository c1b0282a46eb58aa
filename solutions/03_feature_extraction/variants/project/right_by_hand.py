# Right: the scaling by hand, and the map from the fitted reducer.
import numpy as np
import umap


def project(features, n_components=2, metric="cosine", n_neighbors=15, seed=0):
    features = np.asarray(features, dtype=np.float64)
    low, high = features.min(axis=0), features.max(axis=0)
    width = np.where(high > low, high - low, 1.0)
    settings = {"n_components": n_components, "metric": metric, "n_neighbors": n_neighbors}
    reducer = umap.UMAP(random_state=seed, n_jobs=1, **settings)
    reducer.fit((features - low) / width)
    return reducer.embedding_
