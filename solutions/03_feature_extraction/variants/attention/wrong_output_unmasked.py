# Wrong: the output is mixed with the weights before the mask.
# Says: padding is in it
import torch


def attention(query, key, value, attention_mask):
    real = attention_mask.bool()[:, None, None, :]
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
    unmasked = scores.softmax(dim=-1) * real.any(dim=-1, keepdim=True)
    scores = scores.masked_fill(~real, torch.finfo(scores.dtype).min)
    weights = scores.softmax(dim=-1) * real
    return unmasked @ value, weights
