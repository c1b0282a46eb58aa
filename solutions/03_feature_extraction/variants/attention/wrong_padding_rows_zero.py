# Wrong: the rows of padding tokens are zeros.
# Says: The row of the padding token must sum to 1 too
import torch


def attention(query, key, value, attention_mask):
    real = attention_mask.bool()[:, None, None, :]
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
    scores = scores.masked_fill(~real, torch.finfo(scores.dtype).min)
    weights = scores.softmax(dim=-1) * real * real.transpose(-2, -1)
    return weights @ value, weights
