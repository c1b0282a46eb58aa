# Wrong: marks a place of the caller's mask where a text is all padding.
# Says: the input was changed in place
import torch


def attention(query, key, value, attention_mask):
    empty = attention_mask.sum(dim=1) == 0
    attention_mask[empty, 0] = 1
    real = attention_mask.bool()[:, None, None, :]
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
    scores = scores.masked_fill(~real, torch.finfo(scores.dtype).min)
    weights = scores.softmax(dim=-1) * ~empty[:, None, None, None]
    return weights @ value, weights
