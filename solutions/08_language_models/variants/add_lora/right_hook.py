# Right: the layer itself, with two parameters more and a hook that adds to its result.
import torch


def add_lora(linear, rank=8, alpha=16.0):
    if rank < 1:
        raise ValueError(f"a rank of {rank} makes no adapter")
    outputs, inputs = linear.weight.shape
    a = torch.empty_like(linear.weight[:1]).expand(rank, inputs).clone().normal_(std=inputs**-0.5)
    b = torch.zeros_like(linear.weight[:, :1]).expand(outputs, rank).clone()
    linear.requires_grad_(False)
    linear.lora_a = torch.nn.Parameter(a.detach())
    linear.lora_b = torch.nn.Parameter(b.detach())

    def add(layer, given, result):
        thin = torch.nn.functional.linear(given[0], layer.lora_a)
        return result + torch.nn.functional.linear(thin, layer.lora_b) * (alpha / rank)

    linear.register_forward_hook(add)
    return linear
