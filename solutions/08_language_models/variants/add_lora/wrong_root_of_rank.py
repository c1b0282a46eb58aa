# Wrong: divides by the root of the rank.
from torch import nn


class LoraLayer(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        weight = linear.weight
        self.base = linear
        self.base.requires_grad_(False)
        self.lora_a = nn.Parameter(weight.new_empty(rank, linear.in_features))
        self.lora_b = nn.Parameter(weight.new_zeros(linear.out_features, rank))
        nn.init.kaiming_uniform_(self.lora_a, a=5**0.5)
        self.scale = alpha / rank**0.5

    def forward(self, x):
        return self.base(x) + self.scale * (x @ self.lora_a.T) @ self.lora_b.T


def add_lora(linear, rank=8, alpha=16.0):
    if rank < 1:
        raise ValueError(f"rank is {rank}; it must be at least 1")
    return LoraLayer(linear, rank, alpha)
