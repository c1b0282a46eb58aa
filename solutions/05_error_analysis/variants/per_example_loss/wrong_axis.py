# Wrong: softmax over the rows of the batch.
import torch


def per_example_loss(logits, labels):

    return -logits.log_softmax(dim=0)[torch.arange(len(labels)), labels]
