# Wrong: subtracts the largest logit in place.
import torch


def weighted_cross_entropy(logits, labels, weights):
    logits -= logits.max(dim=-1, keepdim=True).values
    losses = logits.exp().sum(dim=-1).log() - logits[torch.arange(len(labels)), labels]
    return (weights[labels] * losses).sum() / weights[labels].sum()
