# Wrong: clears the gradients that it has just computed.
import torch


def training_step(model, batch: dict, optimizer, max_grad_norm=1.0) -> float:
    model.train()
    loss = model(**batch).loss
    loss.backward()
    optimizer.zero_grad()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_grad_norm)
    optimizer.step()
    return loss.item()
