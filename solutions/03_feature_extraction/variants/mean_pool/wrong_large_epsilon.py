# Wrong: guards the division by adding a large epsilon, which changes every mean.


def mean_pool(last_hidden_state, attention_mask):
    mask = attention_mask.unsqueeze(-1).float()
    return (last_hidden_state * mask).sum(1) / (mask.sum(1) + 1e-2)
