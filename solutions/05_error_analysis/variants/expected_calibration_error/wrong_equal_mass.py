# Wrong: groups of equal size instead of equal width.
import numpy as np


def expected_calibration_error(probabilities, labels, bins=10):
    confidence = probabilities.max(axis=1)
    hit = probabilities.argmax(axis=1) == np.asarray(labels)
    total = 0.0
    for rows in np.array_split(np.argsort(confidence, kind="stable"), bins):
        if len(rows):
            gap = abs(hit[rows].mean() - confidence[rows].mean())
            total += len(rows) / len(hit) * gap
    return float(total)
