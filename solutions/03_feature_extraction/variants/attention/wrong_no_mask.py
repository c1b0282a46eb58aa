# Wrong: padding is looked at like any token.
# Says: Padding has weight.


def attention(query, key, value, attention_mask):
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
    weights = scores.softmax(dim=-1)
    return weights @ value, weights
