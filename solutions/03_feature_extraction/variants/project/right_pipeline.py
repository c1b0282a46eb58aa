# Right: both steps as one pipeline.
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from umap import UMAP


def project(features, n_components=2, metric="cosine", n_neighbors=15, seed=0):
    steps = make_pipeline(
        MinMaxScaler(),
        UMAP(n_neighbors=n_neighbors, n_components=n_components, metric=metric, random_state=seed),
    )
    return steps.fit_transform(features)
