# Wrong: gradients are not clipped.
def training_step(model, batch: dict, optimizer, max_grad_norm=1.0) -> float:
    model.train()
    optimizer.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    optimizer.step()
    return loss.item()
