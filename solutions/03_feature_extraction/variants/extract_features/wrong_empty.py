# Wrong: no texts give a flat array of float64.
import numpy as np
import torch


def extract_features(texts, tokenizer, model, batch_size=32, pooling="mean"):
    if pooling not in ("mean", "cls"):
        raise ValueError(f"unknown pooling {pooling!r}")
    if not texts:
        return np.array([])
    was_training = model.training
    model.eval()
    parts = []
    try:
        with torch.no_grad():
            for start in range(0, len(texts), batch_size):
                batch = tokenizer(
                    texts[start : start + batch_size],
                    padding=True,
                    truncation=True,
                    return_tensors="pt",
                )
                states = model(**batch).last_hidden_state.float()
                if pooling == "cls":
                    pooled = states[:, 0]
                else:
                    mask = batch["attention_mask"].unsqueeze(-1)
                    pooled = (states * mask).sum(1) / mask.sum(1)
                parts.append(pooled.numpy())
    finally:
        model.train(was_training)
    return np.concatenate(parts)
