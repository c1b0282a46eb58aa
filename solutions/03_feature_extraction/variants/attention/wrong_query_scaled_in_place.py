# Wrong: divides the caller's queries.
# Says: the input was changed in place
import torch


def attention(query, key, value, attention_mask):
    real = attention_mask.bool()[:, None, None, :]
    query /= query.shape[-1] ** 0.5
    scores = query @ key.transpose(-2, -1)
    scores = scores.masked_fill(~real, torch.finfo(scores.dtype).min)
    weights = scores.softmax(dim=-1) * real
    return weights @ value, weights
