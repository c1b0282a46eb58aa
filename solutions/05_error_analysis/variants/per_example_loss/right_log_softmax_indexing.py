# Right: log_softmax and indexing with two lists of places.
import torch


def per_example_loss(logits, labels):

    log_probabilities = torch.log_softmax(logits, dim=-1)
    return -log_probabilities[torch.arange(len(labels)), labels]
