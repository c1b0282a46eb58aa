# Wrong: a row that is all padding gets the average of the batch.
import torch


def mean_pool(last_hidden_state, attention_mask):
    weights = attention_mask.unsqueeze(-1).float()
    total = (last_hidden_state * weights).sum(dim=1)
    result = total / weights.sum(dim=1).clamp(min=1)
    empty = attention_mask.sum(dim=1) == 0
    return torch.where(empty[:, None], last_hidden_state.mean(dim=(0, 1)), result)
