# Right: the layer's numbers are buffers, and the adapter multiplies by einsum.
import torch


class Adapter(torch.nn.Module):
    def __init__(self, weight, bias, rank, factor):
        super().__init__()
        self.register_buffer("weight", weight)
        self.register_buffer("bias", bias)
        self.factor = factor
        drawn = torch.randn(rank, weight.shape[1]).mul_(0.02).to(weight)
        self.register_parameter("lora_a", torch.nn.Parameter(drawn))
        self.register_parameter("lora_b", torch.nn.Parameter(weight.new_zeros(len(weight), rank)))

    def forward(self, x):
        own = torch.nn.functional.linear(x, self.weight, self.bias)
        thin = torch.einsum("...i,ri->...r", x, self.lora_a)
        return own + torch.einsum("...r,or->...o", thin, self.lora_b) * self.factor


def add_lora(linear, rank=8, alpha=16.0):
    if rank < 1:
        raise ValueError(rank)
    bias = None if linear.bias is None else linear.bias.detach().clone()
    return Adapter(linear.weight.detach().clone(), bias, rank, alpha / rank)
