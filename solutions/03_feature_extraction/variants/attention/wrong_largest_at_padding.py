# Wrong: the largest score is subtracted where it is at padding.
# Says: Beside the large score of padding
import torch


def attention(query, key, value, attention_mask):
    real = attention_mask.bool()[:, None, None, :]
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
    powers = (scores - scores.amax(dim=-1, keepdim=True)).exp() * real
    total = powers.sum(dim=-1, keepdim=True)
    weights = powers / total.clamp(min=torch.finfo(total.dtype).tiny)
    return weights @ value, weights
