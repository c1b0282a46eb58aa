# Wrong: PyTorch's own attention under another name.
# Says: PyTorch's own attention
import torch
from torch.nn.functional import scaled_dot_product_attention as by_library


def attention(query, key, value, attention_mask):
    real = attention_mask.bool()[:, None, None, :]
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
    scores = scores.masked_fill(~real, torch.finfo(scores.dtype).min)
    weights = scores.softmax(dim=-1) * real
    output = by_library(query, key, value, attn_mask=real)
    return output.nan_to_num(0.0), weights
