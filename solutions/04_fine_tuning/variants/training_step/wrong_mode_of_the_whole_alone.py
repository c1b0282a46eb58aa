# Wrong: sets the mode of the model alone, and its parts stay in theirs.
import torch


def training_step(model, batch: dict, optimizer, max_grad_norm=1.0) -> float:
    model.training = True
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_grad_norm)
    optimizer.step()
    return loss.item()
