# Right: e to the power of score minus logsumexp, in float32 or wider.
import torch


def attention(query, key, value, attention_mask):
    wide = torch.promote_types(query.dtype, torch.float32)
    scores = query.to(wide) @ key.to(wide).transpose(-1, -2) / query.shape[-1] ** 0.5
    scores[~attention_mask.bool()[:, None, None, :].expand_as(scores)] = -float("inf")
    weights = (scores - torch.logsumexp(scores, -1, keepdim=True)).exp().nan_to_num(0.0)
    return (weights @ value.to(wide)).to(query.dtype), weights.to(query.dtype)
