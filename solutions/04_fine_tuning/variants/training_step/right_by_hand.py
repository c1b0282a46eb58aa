# Right: clips by hand.
import torch


def training_step(model, batch: dict, optimizer, max_grad_norm=1.0) -> float:
    model.train()
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    gradients = [weights.grad for weights in model.parameters() if weights.grad is not None]
    norm = torch.sqrt(sum(gradient.pow(2).sum() for gradient in gradients))
    if norm > max_grad_norm:
        for gradient in gradients:
            gradient.mul_(max_grad_norm / norm)
    optimizer.step()
    return loss.item()
