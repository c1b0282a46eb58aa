# Wrong: no gradient flows.
import torch


def weighted_cross_entropy(logits, labels, weights):
    losses = -logits.detach().log_softmax(dim=-1)[torch.arange(len(labels)), labels]
    return (weights[labels] * losses).sum() / weights[labels].sum()
