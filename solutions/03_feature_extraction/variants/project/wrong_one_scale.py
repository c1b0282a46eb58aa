# Wrong: one scale for the whole matrix.
from umap import UMAP


def project(features, n_components=2, metric="cosine", n_neighbors=15, seed=0):
    scaled = (features - features.min()) / (features.max() - features.min())
    reducer = UMAP(
        n_components=n_components,
        metric=metric,
        n_neighbors=n_neighbors,
        random_state=seed,
        n_jobs=1,
    )
    return reducer.fit_transform(scaled)
