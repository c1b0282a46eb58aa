# Wrong: computed in bfloat16, whatever the type of the query.


def attention(query, key, value, attention_mask):
    q, k, v = (part.bfloat16() for part in (query, key, value))
    real = attention_mask.bool()[:, None, None, :]
    scores = (q @ k.mT / q.shape[-1] ** 0.5).masked_fill(~real, -1e30)
    weights = scores.softmax(-1) * real
    return (weights @ v).to(query.dtype), weights.to(query.dtype)
