# Wrong: 10,000 is taken off at padding, whose score may be that large.
# Says: Beside the large score of padding


def attention(query, key, value, attention_mask):
    real = attention_mask.bool()[:, None, None, :]
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
    scores = scores - 10000 * (~real)
    weights = scores.softmax(dim=-1) * real
    return weights @ value, weights
