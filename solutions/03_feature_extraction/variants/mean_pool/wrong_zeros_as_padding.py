# Wrong: takes a real token whose numbers are all 0 for padding.
def mean_pool(last_hidden_state, attention_mask):
    m = attention_mask.unsqueeze(-1).float()
    kept = last_hidden_state * m
    n = (kept != 0).any(-1).sum(1, keepdim=True)
    return kept.sum(1) / n.clamp(min=1)
