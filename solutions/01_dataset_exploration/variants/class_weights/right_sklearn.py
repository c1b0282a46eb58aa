# Right: scikit-learn's formula for the classes that are present.
import numpy as np
from sklearn.utils.class_weight import compute_class_weight


def class_weights(labels, num_classes):
    labels = np.asarray(labels)
    present = np.unique(labels)
    weights = np.zeros(num_classes)
    weights[present] = compute_class_weight("balanced", classes=present, y=labels)
    return weights
