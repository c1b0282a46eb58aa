# Wrong: a frame, no array.
import pandas as pd
from sklearn.preprocessing import MinMaxScaler
from umap import UMAP


def project(features, n_components=2, metric="cosine", n_neighbors=15, seed=0):
    scaled = MinMaxScaler().fit_transform(features)
    reducer = UMAP(
        n_components=n_components, metric=metric, n_neighbors=n_neighbors, random_state=seed
    )
    return pd.DataFrame(reducer.fit_transform(scaled))
