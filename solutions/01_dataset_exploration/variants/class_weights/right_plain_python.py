# Right: by a Counter, one class at a time.
from collections import Counter

import numpy as np


def class_weights(labels, num_classes):
    counts = Counter(int(label) for label in labels)
    total, present = sum(counts.values()), len(counts)
    return np.array(
        [
            total / (present * counts[label]) if label in counts else 0.0
            for label in range(num_classes)
        ],
        dtype=np.float64,
    )
