# Wrong: bins between the least and the largest confidence.
import numpy as np


def expected_calibration_error(probabilities, labels, bins=10):
    confidence = probabilities.max(axis=1)
    hit = probabilities.argmax(axis=1) == np.asarray(labels)
    low, high = confidence.min(), confidence.max()
    group = np.ceil((confidence - low) / max(high - low, 1e-12) * bins).astype(int)
    gaps = np.bincount(np.clip(group - 1, 0, bins - 1), weights=hit - confidence)
    return float(np.abs(gaps).sum() / len(hit))
