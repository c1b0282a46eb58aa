# Wrong: scales the caller's weights.
import torch


def weighted_cross_entropy(logits, labels, weights):
    losses = -logits.log_softmax(dim=1)[torch.arange(len(labels)), labels]
    weights /= weights.sum()
    used = weights[labels]
    return (used * losses).sum() / used.sum()
