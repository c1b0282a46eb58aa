# Right: divides first and repairs the rows that are all padding afterwards.


def mean_pool(last_hidden_state, attention_mask):
    masked = last_hidden_state.masked_fill(attention_mask.unsqueeze(-1) == 0, 0.0)
    return (masked.sum(dim=1) / attention_mask.sum(dim=1, keepdim=True)).nan_to_num(0.0)
