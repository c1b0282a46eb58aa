# Wrong: a small number in the divisor, which counts where weights are small.
import torch


def weighted_cross_entropy(logits, labels, weights):
    losses = -logits.log_softmax(dim=1)[torch.arange(len(labels)), labels]
    used = weights[labels]
    return (used * losses).sum() / (used.sum() + 1e-6)
