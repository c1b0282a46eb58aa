# Right: the smallest number of the type is added at padding, and empty texts are cleared.
import torch


def attention(query, key, value, attention_mask):
    bias = torch.zeros(attention_mask.shape, dtype=query.dtype)
    bias[attention_mask == 0] = torch.finfo(query.dtype).min
    scores = torch.matmul(query / query.shape[-1] ** 0.5, key.permute(0, 1, 3, 2))
    weights = torch.softmax(scores + bias[:, None, None, :], dim=-1)
    empty = attention_mask.sum(dim=1) == 0
    weights = torch.where(empty[:, None, None, None], torch.zeros_like(weights), weights)
    return torch.matmul(weights, value), weights
