# Wrong: averages the classes' mean losses.
import torch


def weighted_cross_entropy(logits, labels, weights):
    losses = -logits.log_softmax(dim=1)[torch.arange(len(labels)), labels]
    present = labels.unique()
    means = torch.stack([losses[labels == label].mean() for label in present])
    return (weights[present] * means).sum() / weights[present].sum()
