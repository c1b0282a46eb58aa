# Wrong: a small number in the divisor, so that rows of the weights do not sum to 1.
import torch


def attention(query, key, value, attention_mask):
    real = attention_mask.bool()[:, None, None, :]
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
    scores = scores.masked_fill(~real, torch.finfo(scores.dtype).min)
    weights = scores.softmax(dim=-1) * real
    weights = weights / (weights.sum(dim=-1, keepdim=True) + 1e-3)
    return weights @ value, weights
