# Wrong: -10,000 is written at padding, a score that real tokens may have.
# Says: a score that a real token may have


def attention(query, key, value, attention_mask):
    real = attention_mask.bool()[:, None, None, :]
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
    scores = scores.masked_fill(~real, -10000)
    weights = scores.softmax(dim=-1) * real
    return weights @ value, weights
