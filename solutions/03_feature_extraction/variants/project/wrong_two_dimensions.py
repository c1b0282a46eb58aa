# Wrong: always two dimensions.
from sklearn.preprocessing import MinMaxScaler
from umap import UMAP


def project(features, n_components=2, metric="cosine", n_neighbors=15, seed=0):
    scaled = MinMaxScaler().fit_transform(features)
    reducer = UMAP(
        n_components=2,
        metric=metric,
        n_neighbors=n_neighbors,
        random_state=seed,
        n_jobs=1,
    )
    return reducer.fit_transform(scaled)
