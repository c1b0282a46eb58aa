# Wrong: softmax runs over the rows of the batch.
import torch


def weighted_cross_entropy(logits, labels, weights):
    losses = -logits.log_softmax(dim=0)[torch.arange(len(labels)), labels]
    return (weights[labels] * losses).sum() / weights[labels].sum()
