# Right: shares by np.mean, and their inverse.
import numpy as np


def class_weights(labels, num_classes):
    labels = np.array(list(labels))
    shares = np.array([np.mean(labels == label) for label in range(num_classes)])
    present = np.count_nonzero(shares)
    return np.divide(1.0, present * shares, out=np.zeros(num_classes), where=shares > 0)
