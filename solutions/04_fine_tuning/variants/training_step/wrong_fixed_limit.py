# Wrong: the limit is always 1.
import torch


def training_step(model, batch: dict, optimizer, max_grad_norm=1.0) -> float:
    model.train()
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()
