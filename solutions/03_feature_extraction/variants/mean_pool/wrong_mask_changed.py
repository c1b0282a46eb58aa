# Wrong: marks a place of the caller's mask where a row is all padding.


def mean_pool(last_hidden_state, attention_mask):
    attention_mask[attention_mask.sum(dim=1) == 0, 0] = 1
    weights = attention_mask.unsqueeze(-1).float()
    total = (last_hidden_state * weights).sum(dim=1)
    return total / weights.sum(dim=1).clamp(min=1)
