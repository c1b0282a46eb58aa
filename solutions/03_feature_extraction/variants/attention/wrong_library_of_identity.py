# Wrong: weights out of PyTorch's own attention, with the identity for values.
# Says: PyTorch's own attention
import torch
from torch.nn import functional


def attention(query, key, value, attention_mask):
    places = torch.eye(key.shape[-2], dtype=key.dtype).expand(*key.shape[:-2], -1, -1)
    real = attention_mask.bool()[:, None, None, :]
    weights = functional.scaled_dot_product_attention(query, key, places, attn_mask=real)
    weights = weights.nan_to_num(0.0)
    return weights @ value, weights
