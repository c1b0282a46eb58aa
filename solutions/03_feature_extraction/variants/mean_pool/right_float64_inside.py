# Right: adds up in float64, and gives float32.


def mean_pool(last_hidden_state, attention_mask):
    weights = attention_mask.unsqueeze(-1).float()
    weights = weights.double()
    total = (last_hidden_state * weights).sum(dim=1)
    return (total / weights.sum(dim=1).clamp(min=1)).float()
