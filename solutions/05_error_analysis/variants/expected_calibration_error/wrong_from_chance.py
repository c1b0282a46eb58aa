# Wrong: groups between chance and 1, not between 0 and 1.
import numpy as np


def expected_calibration_error(probabilities, labels, bins=10):
    confidence = probabilities.max(axis=1)
    hits = probabilities.argmax(axis=1) == np.asarray(labels)
    group = np.ceil(
        (confidence - 1 / probabilities.shape[1]) / (1 - 1 / probabilities.shape[1]) * bins
    ).astype(int)
    total = 0.0
    for number in np.unique(group):
        inside = group == number
        total += inside.mean() * abs(hits[inside].mean() - confidence[inside].mean())
    return total
