# Right: the largest logit taken out by hand, one-hot labels by comparison.
import torch


def per_example_loss(logits, labels):

    shifted = logits - logits.max(dim=1, keepdim=True).values
    log_sum = shifted.exp().sum(dim=1).log()
    chosen = labels.unsqueeze(1) == torch.arange(logits.shape[1])
    return log_sum - (shifted * chosen).sum(dim=1)
