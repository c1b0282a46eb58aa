# Wrong: divides by the sum of all classes' weights.
import torch


def weighted_cross_entropy(logits, labels, weights):
    losses = -logits.log_softmax(dim=-1)[torch.arange(len(labels)), labels]
    return (weights[labels] * losses).sum() / weights.sum()
