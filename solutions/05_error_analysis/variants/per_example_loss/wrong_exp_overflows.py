# Wrong: exponentials of the logits as they are.
import torch


def per_example_loss(logits, labels):

    powers = logits.exp()
    return -(powers[torch.arange(len(labels)), labels] / powers.sum(dim=1)).log()
