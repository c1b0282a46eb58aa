# Right: einsum, and -inf with the rows of NaN repaired afterwards.
import torch


def attention(query, key, value, attention_mask):
    scores = torch.einsum("bhqd,bhkd->bhqk", query, key) / query.size(-1) ** 0.5
    scores = scores.masked_fill(attention_mask[:, None, None] == 0, float("-inf"))
    weights = scores.softmax(-1).nan_to_num(0.0)
    return torch.einsum("bhqk,bhkd->bhqd", weights, value), weights
