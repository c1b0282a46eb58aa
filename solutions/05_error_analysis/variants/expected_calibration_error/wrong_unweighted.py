# Wrong: every group counts the same.
import numpy as np


def expected_calibration_error(probabilities, labels, bins=10):
    confidence = probabilities.max(axis=1)
    hit = probabilities.argmax(axis=1) == np.asarray(labels)
    gaps = []
    for number in range(bins):
        inside = (confidence > number / bins) & (confidence <= (number + 1) / bins)
        if inside.any():
            gaps.append(abs(hit[inside].mean() - confidence[inside].mean()))
    return float(np.mean(gaps))
