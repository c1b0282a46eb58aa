# Wrong: takes a seed of 0 for none.
# Says: 0 is taken for no seed
import umap
from sklearn.preprocessing import MinMaxScaler


def project(features, n_components=2, metric="cosine", n_neighbors=15, seed=0):
    scaled = MinMaxScaler().fit_transform(features)
    drawn = umap.UMAP(
        n_components=n_components, metric=metric, n_neighbors=n_neighbors, random_state=seed or None
    ).fit_transform(scaled)
    return drawn
