# Wrong: embed gets a tuple instead of a list.
import numpy as np


def zero_shot(text, labels, embed):
    if len(labels) == 0:
        raise ValueError("labels must name at least one class")
    message = embed([text])[0]
    classes = embed(tuple(labels))
    cosines = classes @ message / (np.linalg.norm(classes, axis=1) * np.linalg.norm(message))
    powers = np.exp(10 * cosines)
    scores = (powers / powers.sum()).tolist()
    return dict(sorted(zip(labels, scores, strict=False), key=lambda pair: pair[1], reverse=True))
