# Wrong: the result is float64.
def weighted_cross_entropy(logits, labels, weights):
    each = -logits.double().log_softmax(dim=-1).gather(1, labels[:, None])[:, 0]
    used = weights[labels]
    return (each * used).sum() / used.sum()
