# Wrong: the output comes from PyTorch's own attention.
# Says: PyTorch's own attention
import torch
import torch.nn.functional as F  # noqa: N812


def attention(query, key, value, attention_mask):
    real = attention_mask.bool()[:, None, None, :]
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
    scores = scores.masked_fill(~real, torch.finfo(scores.dtype).min)
    weights = scores.softmax(dim=-1) * real
    output = F.scaled_dot_product_attention(query, key, value, attn_mask=real)
    return output.nan_to_num(0.0), weights
