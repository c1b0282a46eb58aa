# Right: np.digitize with its right edges closed.
import numpy as np


def expected_calibration_error(probabilities, labels, bins=10):
    confidence = probabilities.max(axis=1)
    hit = probabilities.argmax(axis=1) == np.asarray(labels)
    place = np.digitize(confidence, np.arange(1, bins) / bins, right=True)
    sizes = np.bincount(place, minlength=bins)
    right = np.bincount(place, weights=hit, minlength=bins)
    sure = np.bincount(place, weights=confidence, minlength=bins)
    return float(np.abs(right - sure).sum() / sizes.sum())
