# Right: clears the gradients just before the backward pass, through the model.
import torch


def training_step(model, batch: dict, optimizer, max_grad_norm=1.0) -> float:
    output = model.train()(**batch)
    model.zero_grad()
    output.loss.backward()
    torch.nn.utils.clip_grad_norm_(list(model.parameters()), max_norm=max_grad_norm)
    optimizer.step()
    return float(output.loss.detach())
