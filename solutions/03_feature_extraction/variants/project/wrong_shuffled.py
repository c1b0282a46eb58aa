# Wrong: the rows of the map are in another order.
import numpy as np
from sklearn.preprocessing import MinMaxScaler
from umap import UMAP


def project(features, n_components=2, metric="cosine", n_neighbors=15, seed=0):
    scaled = MinMaxScaler().fit_transform(features)
    reducer = UMAP(
        n_components=n_components, metric=metric, n_neighbors=n_neighbors, random_state=seed
    )
    return np.random.default_rng(seed).permutation(reducer.fit_transform(scaled))
