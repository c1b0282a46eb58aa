# Right: a frozen layer made anew from the old one's state, and A scaled beforehand.
import torch
from torch import nn


class WithAdapter(nn.Module):
    def __init__(self, old, rank, alpha):
        super().__init__()
        kind = {"dtype": old.weight.dtype, "device": old.weight.device}
        self.frozen = nn.Linear(old.in_features, old.out_features, old.bias is not None, **kind)
        self.frozen.load_state_dict(old.state_dict())
        for part in self.frozen.parameters():
            part.requires_grad_(False)
        self.lora_a = nn.Parameter(torch.zeros(rank, old.in_features, **kind))
        self.lora_b = nn.Parameter(torch.zeros(old.out_features, rank, **kind))
        nn.init.xavier_normal_(self.lora_a)
        self.alpha, self.rank = alpha, rank

    def forward(self, x):
        change = (x * (self.alpha / self.rank)).matmul(self.lora_a.t()).matmul(self.lora_b.t())
        return self.frozen(x).add(change)


def add_lora(linear, rank=8, alpha=16.0):
    if not rank >= 1:
        raise ValueError(f"rank must be positive, got {rank!r}")
    return WithAdapter(linear, rank, alpha)
