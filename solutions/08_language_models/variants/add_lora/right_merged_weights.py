# Right: adds the product to a frozen copy of the weights in each pass.
import copy

import torch
from torch.nn.functional import linear as product


class Merged(torch.nn.Linear):
    def forward(self, x):
        weight = self.weight + self.scale * (self.lora_b @ self.lora_a)
        return product(x, weight, self.bias)


def add_lora(linear, rank=8, alpha=16.0):
    if rank <= 0:
        raise ValueError("rank too small")
    layer = copy.deepcopy(linear)
    layer.__class__ = Merged
    for part in layer.parameters():
        part.requires_grad = False
        part.grad = None
    kind = {"device": linear.weight.device, "dtype": linear.weight.dtype}
    layer.lora_a = torch.nn.Parameter(torch.rand(rank, linear.in_features, **kind) - 0.5)
    layer.lora_b = torch.nn.Parameter(torch.zeros(linear.out_features, rank, **kind))
    layer.scale = alpha / rank
    return layer
