# Right: clips the parameters of all groups together.
import torch


def training_step(model, batch: dict, optimizer, max_grad_norm=1.0) -> float:
    model.train()
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    groups = optimizer.param_groups
    everything = [weights for group in groups for weights in group["params"]]
    torch.nn.utils.clip_grad_norm_(everything, max_grad_norm)
    optimizer.step()
    return loss.item()
