# Wrong: each token looks only at itself and those before it.
import torch


def attention(query, key, value, attention_mask):
    real = attention_mask.bool()[:, None, None, :]
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
    real = real & torch.ones_like(scores, dtype=torch.bool).tril()
    scores = scores.masked_fill(~real, torch.finfo(scores.dtype).min)
    weights = scores.softmax(dim=-1) * real
    return weights @ value, weights
