# Wrong: divided by d instead of its root.
# Says: It divides by d, which is 4 here
import torch


def attention(query, key, value, attention_mask):
    real = attention_mask.bool()[:, None, None, :]
    scores = query @ key.transpose(-2, -1) / query.shape[-1]
    scores = scores.masked_fill(~real, torch.finfo(scores.dtype).min)
    weights = scores.softmax(dim=-1) * real
    return weights @ value, weights
