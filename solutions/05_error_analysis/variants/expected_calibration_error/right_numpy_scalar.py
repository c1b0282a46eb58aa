# Right: rounded up to the group's number; NumPy's scalar.
import numpy as np


def expected_calibration_error(probabilities, labels, bins=10):
    confidence = probabilities.max(axis=1)
    hits = probabilities.argmax(axis=1) == np.asarray(labels)
    group = np.ceil(confidence * bins).astype(int)
    total = 0.0
    for number in np.unique(group):
        inside = group == number
        total += inside.mean() * abs(hits[inside].mean() - confidence[inside].mean())
    return np.float64(total)
