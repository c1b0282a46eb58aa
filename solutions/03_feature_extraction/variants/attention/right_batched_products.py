# Right: texts and heads as one batch for bmm.
import torch


def attention(query, key, value, attention_mask):
    b, h, s, d = query.shape
    q, k, v = (part.reshape(b * h, s, d) for part in (query, key, value))
    scores = torch.bmm(q, k.transpose(1, 2)) * d**-0.5
    hidden = attention_mask.repeat_interleave(h, dim=0).unsqueeze(1) == 0
    scores = scores.masked_fill(hidden, float("-inf"))
    weights = torch.where(hidden.all(-1, keepdim=True), 0.0, scores.softmax(-1))
    weights = weights.to(query.dtype)
    return torch.bmm(weights, v).view(b, h, s, d), weights.view(b, h, s, s)
