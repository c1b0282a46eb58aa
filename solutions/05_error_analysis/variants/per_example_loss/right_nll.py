# Right: the library's negative log-likelihood, which is not the function that is ruled out.
import torch


def per_example_loss(logits, labels):
    return torch.nn.functional.nll_loss(logits.log_softmax(dim=1), labels, reduction="none")
