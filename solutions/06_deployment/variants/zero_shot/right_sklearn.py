# Right: scikit-learn's cosine similarity, SciPy's softmax.
from scipy.special import softmax
from sklearn.metrics.pairwise import cosine_similarity


def zero_shot(text, labels, embed):
    if len(labels) == 0:
        raise ValueError("labels must name at least one class")
    scores = softmax(10 * cosine_similarity(embed([text]), embed(labels))[0]).tolist()
    return dict(sorted(zip(labels, scores, strict=False), key=lambda pair: pair[1], reverse=True))
