# Right: sets the mode of each part itself, and takes the loss by number.
import torch


def training_step(model, batch: dict, optimizer, max_grad_norm=1.0) -> float:
    for part in model.modules():
        part.training = True
    optimizer.zero_grad()
    loss = model(**batch)[0]
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_grad_norm)
    optimizer.step()
    return loss.item()
