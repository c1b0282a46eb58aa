# Wrong: everything between the first and the last real token counts, holes too.


def mean_pool(last_hidden_state, attention_mask):
    spans = attention_mask.cumsum(1).clamp(max=1) * attention_mask.flip(1).cumsum(1).flip(1)
    attention_mask = spans.clamp(max=1)
    weights = attention_mask.unsqueeze(-1).float()
    total = (last_hidden_state * weights).sum(dim=1)
    return total / weights.sum(dim=1).clamp(min=1)
