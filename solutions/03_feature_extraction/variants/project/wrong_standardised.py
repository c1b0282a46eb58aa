# Wrong: standard deviations instead of the range from 0 to 1.
from sklearn.preprocessing import StandardScaler
from umap import UMAP


def project(features, n_components=2, metric="cosine", n_neighbors=15, seed=0):
    scaled = StandardScaler().fit_transform(features)
    reducer = UMAP(
        n_components=n_components,
        metric=metric,
        n_neighbors=n_neighbors,
        random_state=seed,
        n_jobs=1,
    )
    return reducer.fit_transform(scaled)
