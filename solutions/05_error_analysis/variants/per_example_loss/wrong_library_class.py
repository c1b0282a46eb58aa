# Wrong: leaves the work to CrossEntropyLoss.
import torch


def per_example_loss(logits, labels):

    return torch.nn.CrossEntropyLoss(reduction="none")(logits, labels)
