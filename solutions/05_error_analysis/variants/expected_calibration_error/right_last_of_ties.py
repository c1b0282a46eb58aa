# Right: of equal top probabilities the last one is the answer, which the text leaves open.
import numpy as np


def expected_calibration_error(probabilities, labels, bins=10):
    c = probabilities.shape[1]
    guess = c - 1 - probabilities[:, ::-1].argmax(axis=1)
    confidence = probabilities[np.arange(len(guess)), guess]
    right = guess == np.asarray(labels)
    total = 0.0
    for b in range(bins):
        inside = (confidence > b / bins) & (confidence <= (b + 1) / bins)
        if inside.any():
            total += inside.sum() * abs(right[inside].mean() - confidence[inside].mean())
    return total / len(confidence)
