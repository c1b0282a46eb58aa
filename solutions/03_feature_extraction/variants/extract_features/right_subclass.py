# Right: raises a subclass of ValueError that names the parameter.
import numpy as np
import torch


class NoSuchPooling(ValueError):
    pass


def extract_features(texts, tokenizer, model, batch_size=32, pooling="mean"):
    if pooling not in ("mean", "cls"):
        raise NoSuchPooling("pooling is neither mean nor cls")
    if not texts:
        return np.zeros((0, model.config.hidden_size), dtype=np.float32)
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
