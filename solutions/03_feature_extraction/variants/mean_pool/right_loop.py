# Right: one row at a time, real tokens by a Boolean index.
import torch


def mean_pool(last_hidden_state, attention_mask):
    pooled = torch.zeros(last_hidden_state.shape[0], last_hidden_state.shape[2])
    for row, (states, mask) in enumerate(zip(last_hidden_state, attention_mask, strict=True)):
        real = states[mask.bool()]
        if len(real):
            pooled[row] = real.mean(dim=0)
    return pooled
