# Right: the same in tensors, and an array at the end.
import numpy as np
import torch


def suspect_labels(probabilities, labels):
    labels = np.asarray(labels)
    thresholds = np.full(probabilities.shape[1], np.inf)
    for label in set(labels.tolist()):
        thresholds[label] = probabilities[labels == label, label].mean()
    firm = np.where(probabilities >= thresholds, probabilities, -1.0)
    best = torch.tensor(firm)
    own = best.gather(1, torch.tensor(labels, dtype=torch.int64).unsqueeze(1)).squeeze(1)
    return (own < best.max(dim=1).values).numpy()
