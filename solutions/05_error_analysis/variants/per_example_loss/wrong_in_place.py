# Wrong: subtracts the largest logit from the caller's tensor.
import torch


def per_example_loss(logits, labels):

    logits -= logits.max(dim=1, keepdim=True).values
    return logits.exp().sum(dim=1).log() - logits[torch.arange(len(labels)), labels]
