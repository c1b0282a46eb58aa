# Right: padding is NaN, which nanmean leaves out.
import torch


def mean_pool(last_hidden_state, attention_mask):
    m = attention_mask.bool().unsqueeze(-1)
    x = last_hidden_state.where(m, torch.tensor(float("nan")))
    return x.nanmean(dim=1).nan_to_num(0.0)
