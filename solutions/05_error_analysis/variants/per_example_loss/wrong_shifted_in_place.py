# Wrong: takes the largest logit out of the caller's tensor.
import torch


def per_example_loss(logits, labels):
    logits -= logits.max(dim=1, keepdim=True).values
    return -logits.log_softmax(dim=1)[torch.arange(len(labels)), labels]
