# Wrong: every row on which the model's first choice is not the label.
import numpy as np


def suspect_labels(probabilities, labels):
    return probabilities.argmax(axis=1) != np.asarray(labels)
