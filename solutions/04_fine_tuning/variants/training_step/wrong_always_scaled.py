# Wrong: lets the norm reach the limit where it is below.
import torch


def training_step(model, batch: dict, optimizer, max_grad_norm=1.0) -> float:
    model.train()
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    parts = [weights.grad for weights in model.parameters() if weights.grad is not None]
    norm = torch.sqrt(sum((part**2).sum() for part in parts))
    for part in parts:
        part.mul_(max_grad_norm / norm)
    optimizer.step()
    return loss.item()
