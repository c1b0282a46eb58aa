# Wrong: divides by the number of rows.
import torch


def weighted_cross_entropy(logits, labels, weights):
    losses = -logits.log_softmax(dim=-1)[torch.arange(len(labels)), labels]
    return (weights[labels] * losses).mean()
