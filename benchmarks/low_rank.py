"""LoRA: a frozen layer with a correction that is the product of two thin matrices.

Source: E. J. Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", ICLR 2022.
"""

from __future__ import annotations

import torch
from torch import nn

ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
EVERY_LINEAR = (*ATTENTION, "gate_proj", "up_proj", "down_proj")


class Corrected(nn.Module):
    """A linear layer whose weights stay, and what is learnt in addition.

    The correction is kept in float32: in bfloat16, most steps of an optimizer would be too small to
    change it.
    """

    def __init__(self, linear: nn.Linear, rank: int, alpha: float):
        super().__init__()
        self.linear, self.scale = linear, alpha / rank
        where = linear.weight.device
        down = torch.randn(rank, linear.in_features, device=where) / linear.in_features**0.5
        self.down = nn.Parameter(down)
        self.up = nn.Parameter(torch.zeros(linear.out_features, rank, device=where))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        down, up = self.down.to(inputs.dtype), self.up.to(inputs.dtype)
        return self.linear(inputs) + self.scale * (inputs @ down.T @ up.T)


def correct(model: nn.Module, names: tuple[str, ...], rank: int = 8, alpha: float = 16.0) -> int:
    """Freeze a model, and give the layers of some names corrections that learn, in place.

    Returns
    -------
    int
        How many numbers learn.
    """
    model.requires_grad_(False)
    chosen = [
        (parent, name, part)
        for parent in model.modules()
        for name, part in parent.named_children()
        if name in names
    ]
    for parent, name, part in chosen:
        setattr(parent, name, Corrected(part, rank, alpha))
    return sum(part.numel() for part in model.parameters() if part.requires_grad)
