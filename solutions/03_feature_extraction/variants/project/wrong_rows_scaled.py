# Wrong: scales each row, not each feature.
from sklearn.preprocessing import MinMaxScaler
from umap import UMAP


def project(features, n_components=2, metric="cosine", n_neighbors=15, seed=0):
    scaled = MinMaxScaler().fit_transform(features.T).T
    reducer = UMAP(
        n_components=n_components,
        metric=metric,
        n_neighbors=n_neighbors,
        random_state=seed,
        n_jobs=1,
    )
    return reducer.fit_transform(scaled)
