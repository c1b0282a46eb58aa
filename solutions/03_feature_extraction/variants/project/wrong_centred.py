# Wrong: from -1 to 1, so that a direction is counted from the middle.
from sklearn.preprocessing import MinMaxScaler
from umap import UMAP


def project(features, n_components=2, metric="cosine", n_neighbors=15, seed=0):
    scaled = MinMaxScaler(feature_range=(-1, 1)).fit_transform(features)
    reducer = UMAP(
        n_components=n_components, metric=metric, n_neighbors=n_neighbors, random_state=seed
    )
    return reducer.fit_transform(scaled)
