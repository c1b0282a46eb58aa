# Wrong: added to the weights when it was made, so that training has no effect.
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
        self.scale = alpha / rank
        self.merged = weight.detach() + self.scale * self.lora_b @ self.lora_a

    def forward(self, x):
        return nn.functional.linear(x, self.merged.detach(), self.base.bias)


def add_lora(linear, rank=8, alpha=16.0):
    if rank < 1:
        raise ValueError(f"rank is {rank}; it must be at least 1")
    return LoraLayer(linear, rank, alpha)
