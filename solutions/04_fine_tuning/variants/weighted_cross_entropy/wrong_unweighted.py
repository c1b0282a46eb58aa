# Wrong: the weights cancel out.
import torch


def weighted_cross_entropy(logits, labels, weights):
    return torch.nn.functional.cross_entropy(logits, labels)
