# Right: works on a copy of the model, in float32.
import copy

import numpy as np
import torch


def extract_features(texts, tokenizer, model, batch_size=32, pooling="mean") -> np.ndarray:
    if pooling not in ("mean", "cls"):
        raise ValueError(f"pooling is {pooling!r}, which is neither mean nor cls")
    mine = copy.deepcopy(model).eval().float()
    rows = []
    with torch.no_grad():
        for i in range(0, len(texts), batch_size):
            b = tokenizer(
                texts[i : i + batch_size], padding=True, truncation=True, return_tensors="pt"
            ).to(mine.device)
            h = mine(**b).last_hidden_state
            w = b["attention_mask"].unsqueeze(-1).float()
            rows.extend((h[:, 0] if pooling == "cls" else (h * w).sum(1) / w.sum(1)).cpu().numpy())
    return np.array(rows, dtype=np.float32).reshape(len(texts), model.config.hidden_size)
