# Wrong: clears padding in the caller's values.
# Says: the input was changed in place
import torch


def attention(query, key, value, attention_mask):
    real = attention_mask.bool()[:, None, None, :]
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
    scores = scores.masked_fill(~real, torch.finfo(scores.dtype).min)
    weights = scores.softmax(dim=-1) * real
    value.mul_(attention_mask[:, None, :, None])
    return weights @ value, weights
