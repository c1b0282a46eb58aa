# Wrong: the log of a softmax is minus infinity for far logits.
import torch


def weighted_cross_entropy(logits, labels, weights):
    losses = -logits.softmax(dim=-1).log()[torch.arange(len(labels)), labels]
    return (weights[labels] * losses).sum() / weights[labels].sum()
