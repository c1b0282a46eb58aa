# Wrong: the scores of padding are set to 0, which a softmax does not leave out.
# Says: It sets the scores of padding to 0


def attention(query, key, value, attention_mask):
    real = attention_mask.bool()[:, None, None, :]
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
    scores = scores * real
    weights = scores.softmax(dim=-1) * real.any(dim=-1, keepdim=True)
    return weights @ value, weights
