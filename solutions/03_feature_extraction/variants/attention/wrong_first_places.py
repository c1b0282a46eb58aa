# Wrong: the first n places count as real, wherever the ones of the mask are.
# Says: It takes the first two places
import torch


def attention(query, key, value, attention_mask):
    places = torch.arange(attention_mask.shape[1])
    real = places < attention_mask.sum(dim=1, keepdim=True)
    real = real[:, None, None, :]
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
    scores = scores.masked_fill(~real, torch.finfo(scores.dtype).min)
    weights = scores.softmax(dim=-1) * real
    return weights @ value, weights
