# Right: weights that sum to one, as one product of matrices.
import torch


def mean_pool(last_hidden_state, attention_mask):
    weights = attention_mask.float()
    weights = weights / weights.sum(dim=1, keepdim=True).clamp(min=1e-9)
    return torch.einsum("bs,bsh->bh", weights, last_hidden_state)
