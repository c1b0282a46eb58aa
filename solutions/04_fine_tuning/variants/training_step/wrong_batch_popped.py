# Wrong: takes the labels out of the batch.
import torch


def training_step(model, batch: dict, optimizer, max_grad_norm=1.0) -> float:
    model.train()
    optimizer.zero_grad()
    labels = batch.pop("labels")
    loss = model(**batch, labels=labels).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_grad_norm)
    optimizer.step()
    return loss.item()
