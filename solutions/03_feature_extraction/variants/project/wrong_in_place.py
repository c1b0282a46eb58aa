# Wrong: scales the caller's features in place.
from umap import UMAP


def project(features, n_components=2, metric="cosine", n_neighbors=15, seed=0):
    features -= features.min(axis=0)
    features /= features.max(axis=0).clip(1e-12)
    return UMAP(n_neighbors, n_components, metric, random_state=seed).fit_transform(features)
