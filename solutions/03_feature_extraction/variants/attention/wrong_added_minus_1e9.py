# Wrong: in float16, -1e9 is -inf, and 0 times that is NaN.
# Says: A number that this type cannot hold is infinite


def attention(query, key, value, attention_mask):
    real = attention_mask.bool()[:, None, None, :]
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
    scores = scores + (1 - real.to(scores.dtype)) * -1e9
    weights = scores.softmax(dim=-1) * real
    return weights @ value, weights
