# Wrong: sorts the caller's rows.
import numpy as np


def expected_calibration_error(probabilities, labels, bins=10):
    hits = probabilities.argmax(axis=1) == np.asarray(labels)
    probabilities.sort(axis=1)
    confidence = probabilities[:, -1]
    group = np.ceil(confidence * bins).astype(int)
    total = 0.0
    for number in np.unique(group):
        inside = group == number
        total += inside.mean() * abs(hits[inside].mean() - confidence[inside].mean())
    return total
