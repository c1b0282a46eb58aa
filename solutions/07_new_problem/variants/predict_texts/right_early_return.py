# Right: an early return, lists of logits, and the model in evaluation mode for one block.
from contextlib import contextmanager

import torch


@contextmanager
def evaluating(model):
    modes = {part: part.training for part in model.modules()}
    for part in modes:
        part.training = False
    try:
        yield
    finally:
        for part, mode in modes.items():
            part.training = mode


def predict_texts(texts, tokenizer, model):
    if len(texts) == 0:
        return []
    chunks = [texts[start : start + 32] for start in range(0, len(texts), 32)]
    logits = []
    with evaluating(model), torch.no_grad():
        for chunk in chunks:
            encoded = tokenizer(chunk, truncation=True, padding=True, return_tensors="pt")
            logits.append(model(**encoded.to(model.device)).logits.float().cpu())
    best = torch.softmax(torch.cat(logits), dim=1).max(dim=1).indices
    return [model.config.id2label[label.item()] for label in best]
