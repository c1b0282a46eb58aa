# Wrong: the largest loss first.
import torch


def per_example_loss(logits, labels):
    losses = -logits.log_softmax(dim=1)[torch.arange(len(labels)), labels]
    return losses.sort(descending=True).values
