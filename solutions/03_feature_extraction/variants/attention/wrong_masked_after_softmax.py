# Wrong: weights of padding are set to 0, and the rest no longer sums to 1.
# Says: so that the rest no longer sums to 1


def attention(query, key, value, attention_mask):
    real = attention_mask.bool()[:, None, None, :]
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
    weights = scores.softmax(dim=-1) * real
    return weights @ value, weights
