# Wrong: the gap of each row instead of each group.
import numpy as np


def expected_calibration_error(probabilities, labels, bins=10):
    confidence = probabilities.max(axis=1)
    hit = probabilities.argmax(axis=1) == np.asarray(labels)
    return float(np.abs(hit - confidence).mean())
