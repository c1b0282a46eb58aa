# Right: powers of e by hand, the largest real score subtracted, computed in float32 or wider.
import math

import torch


def attention(query, key, value, attention_mask):
    wide = torch.promote_types(query.dtype, torch.float32)
    real = attention_mask.to(wide)[:, None, None, :]
    scores = query.to(wide) @ key.to(wide).mT / math.sqrt(query.shape[-1])
    largest = torch.where(real > 0, scores, -math.inf).amax(-1, keepdim=True)
    largest = torch.where(largest.isinf(), 0.0, largest)
    powers = torch.where(real > 0, (scores - largest).clamp(max=0.0), -math.inf).exp()
    total = powers.sum(-1, keepdim=True)
    weights = powers / torch.where(total == 0, 1.0, total)
    return (weights @ value.to(wide)).to(query.dtype), weights.to(query.dtype)
