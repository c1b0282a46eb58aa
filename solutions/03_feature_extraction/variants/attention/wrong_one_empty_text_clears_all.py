# Wrong: one text that is all padding makes the whole batch zeros.
# Says: One text that is all padding makes the others zeros
import torch


def attention(query, key, value, attention_mask):
    real = attention_mask.bool()[:, None, None, :]
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
    scores = scores.masked_fill(~real, torch.finfo(scores.dtype).min)
    weights = scores.softmax(dim=-1) * bool(real.any(dim=-1).all())
    return weights @ value, weights
