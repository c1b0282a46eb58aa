# Wrong: a list of numbers, no tensor.
import torch


def per_example_loss(logits, labels):
    return (-logits.log_softmax(dim=1)[torch.arange(len(labels)), labels]).tolist()
