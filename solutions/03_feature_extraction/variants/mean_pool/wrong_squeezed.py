# Wrong: squeezes a hidden size of 1 away.


def mean_pool(last_hidden_state, attention_mask):
    weights = attention_mask.unsqueeze(-1).float()
    total = (last_hidden_state * weights).sum(dim=1)
    return (total / weights.sum(dim=1).clamp(min=1)).squeeze(-1)
