# Wrong: another default number of neighbours.
from sklearn.preprocessing import MinMaxScaler
from umap import UMAP


def project(features, n_components=2, metric="cosine", n_neighbors=10, seed=0):
    scaled = MinMaxScaler().fit_transform(features)
    reducer = UMAP(
        n_components=n_components, metric=metric, n_neighbors=n_neighbors, random_state=seed
    )
    return reducer.fit_transform(scaled)
