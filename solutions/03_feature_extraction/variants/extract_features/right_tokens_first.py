# Right: tokenizes all texts first, pads batch by batch to the model's full length.
import numpy as np
import torch


@torch.no_grad()
def extract_features(texts, tokenizer, model, batch_size=32, pooling="mean"):
    if pooling != "mean" and pooling != "cls":
        raise ValueError(f"pooling {pooling!r} is unknown")
    if len(texts) == 0:
        return np.empty((0, model.config.hidden_size), np.float32)
    longest = min(tokenizer.model_max_length, model.config.max_position_embeddings)
    tokens = tokenizer(
        list(texts),
        padding="max_length",
        truncation=True,
        max_length=longest,
        return_tensors="pt",
    )
    was_training = model.training
    model.eval()
    parts = []
    ids_of_batches = tokens["input_ids"].split(batch_size)
    masks = tokens["attention_mask"].split(batch_size)
    try:
        for ids, mask in zip(ids_of_batches, masks, strict=True):
            output = model(input_ids=ids, attention_mask=mask)[0]
            if pooling == "cls":
                parts.append(output[:, 0])
            else:
                output = output.masked_fill(~mask.bool().unsqueeze(-1), 0)
                parts.append(output.sum(dim=1) / mask.sum(dim=1, keepdim=True))
    finally:
        if was_training:
            model.train()
    return torch.cat(parts).float().numpy()
