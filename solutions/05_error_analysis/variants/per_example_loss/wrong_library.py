# Wrong: leaves the work to F.cross_entropy.
import torch


def per_example_loss(logits, labels):

    return torch.nn.functional.cross_entropy(logits, labels, reduction="none")
