# Wrong: -1e9 does not fit into float16.
# Says: Is there a number that this type cannot hold


def attention(query, key, value, attention_mask):
    real = attention_mask.bool()[:, None, None, :]
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
    scores = scores.masked_fill(~real, -1e9)
    weights = scores.softmax(dim=-1) * real
    return weights @ value, weights
