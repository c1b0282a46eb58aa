# Wrong: the result is float64.


def mean_pool(last_hidden_state, attention_mask):
    mask = attention_mask.unsqueeze(-1).double()
    return (last_hidden_state * mask).sum(1) / mask.sum(1).clamp(min=1)
