# Wrong: looks labels up by the index of a Series.
import numpy as np


def expected_calibration_error(probabilities, labels, bins=10):
    confidence = probabilities.max(axis=1)
    hits = probabilities.argmax(axis=1) == np.array([labels[place] for place in range(len(labels))])
    group = np.ceil(confidence * bins).astype(int)
    total = 0.0
    for number in np.unique(group):
        inside = group == number
        total += inside.mean() * abs(hits[inside].mean() - confidence[inside].mean())
    return total
