# Right: PyTorch; each row sums to 1 before the mean is taken, which moves all labels alike.
import numpy as np
import torch


class BadShape(ValueError):
    pass


def calibrate(log_probabilities, baseline=None):
    scores = torch.from_numpy(np.array(log_probabilities, dtype=float))
    if scores.dim() != 2:
        raise BadShape("log_probabilities needs two dimensions")
    if baseline is None:
        baseline = scores.log_softmax(dim=1).mean(dim=0)
    else:
        baseline = torch.from_numpy(np.array(baseline, dtype=float))
    if list(baseline.shape) != [scores.shape[1]]:
        raise BadShape("baseline needs one number per label")
    return (scores - baseline).softmax(dim=-1).numpy()
