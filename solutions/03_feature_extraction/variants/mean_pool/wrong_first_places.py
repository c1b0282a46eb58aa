# Wrong: takes the first n places, so that only padding on the right comes out right.
import torch


def mean_pool(last_hidden_state, attention_mask):
    rows = []
    for states, mask in zip(last_hidden_state, attention_mask, strict=True):
        count = int(mask.sum())
        rows.append(states[:count].mean(0) if count else torch.zeros_like(states[0]))
    return torch.stack(rows)
