# Wrong: divided by the root of the number of tokens.
# Says: It divides by the root of the number of tokens
import torch


def attention(query, key, value, attention_mask):
    real = attention_mask.bool()[:, None, None, :]
    scores = query @ key.transpose(-2, -1) / query.shape[-2] ** 0.5
    scores = scores.masked_fill(~real, torch.finfo(scores.dtype).min)
    weights = scores.softmax(dim=-1) * real
    return weights @ value, weights
