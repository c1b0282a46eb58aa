# Wrong: leaves out the first and the last real token.


def mean_pool(last_hidden_state, attention_mask):
    mask = attention_mask.clone()
    for row in mask:
        real = row.nonzero().flatten()
        row[real[:1]] = 0
        row[real[-1:]] = 0
    mask = mask.unsqueeze(-1).float()
    return (last_hidden_state * mask).sum(1) / mask.sum(1).clamp(min=1)
