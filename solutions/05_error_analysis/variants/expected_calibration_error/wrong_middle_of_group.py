# Wrong: the group's middle instead of its mean confidence.
import numpy as np


def expected_calibration_error(probabilities, labels, bins=10):
    confidence = probabilities.max(axis=1)
    hits = probabilities.argmax(axis=1) == np.asarray(labels)
    group = np.ceil(confidence * bins).astype(int)
    total = 0.0
    for number in np.unique(group):
        inside = group == number
        total += inside.mean() * abs(hits[inside].mean() - (number - 0.5) / bins)
    return total
