# Wrong: clips the parameters of the first group alone.
import torch


def training_step(model, batch: dict, optimizer, max_grad_norm=1.0) -> float:
    model.train()
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(optimizer.param_groups[0]["params"], max_grad_norm)
    optimizer.step()
    return loss.item()
