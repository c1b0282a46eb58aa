# Wrong: a text that is all padding gives NaN.
# Says: The softmax of −∞ alone is 0 / 0, NaN


def attention(query, key, value, attention_mask):
    real = attention_mask.bool()[:, None, None, :]
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
    scores = scores.masked_fill(~real, float("-inf"))
    weights = scores.softmax(dim=-1)
    return weights @ value, weights
