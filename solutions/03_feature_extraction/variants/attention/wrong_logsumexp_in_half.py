# Wrong: score minus logsumexp in float16, where a number of 10,000 has no decimals.
# Says: The row does not sum to 1
import torch


def attention(query, key, value, attention_mask):
    scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5
    scores[~attention_mask.bool()[:, None, None, :].expand_as(scores)] = -float("inf")
    weights = (scores - torch.logsumexp(scores, -1, keepdim=True)).exp().nan_to_num(0.0)
    return weights @ value, weights
