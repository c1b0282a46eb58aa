# Wrong: the weights that come back are those before the mask.
# Says: these are the weights without the mask
import torch


def attention(query, key, value, attention_mask):
    real = attention_mask.bool()[:, None, None, :]
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
    unmasked = scores.softmax(dim=-1)
    scores = scores.masked_fill(~real, torch.finfo(scores.dtype).min)
    weights = scores.softmax(dim=-1) * real
    return weights @ value, unmasked
