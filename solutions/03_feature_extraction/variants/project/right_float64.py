# Right: the map in float64, and the features in float64 before they are scaled.
import numpy as np
from sklearn.preprocessing import MinMaxScaler
from umap import UMAP


def project(features, n_components=2, metric="cosine", n_neighbors=15, seed=0):
    scaled = MinMaxScaler().fit_transform(np.array(features, dtype=np.float64))
    reducer = UMAP(
        n_components=n_components, metric=metric, n_neighbors=n_neighbors, random_state=seed
    )
    return reducer.fit_transform(scaled).astype(np.float64)
