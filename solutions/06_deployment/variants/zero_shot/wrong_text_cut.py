# Wrong: the text is cut after 512 characters.
import numpy as np


def zero_shot(text, labels, embed):
    if len(labels) == 0:
        raise ValueError("labels is empty")
    vector = np.array(embed([text[:512]])[0], dtype=np.float64)
    vectors = np.array(embed(labels), dtype=np.float64)
    cosines = vectors @ vector / np.linalg.norm(vectors, axis=1) / np.linalg.norm(vector)
    powers = np.exp(10 * cosines - 10 * cosines.max())
    scores = powers / powers.sum()
    order = np.argsort(-scores)
    return {labels[i]: float(scores[i]) for i in order}
