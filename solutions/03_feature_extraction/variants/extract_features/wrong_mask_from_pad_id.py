# Wrong: takes every token with the id of padding for padding.
import numpy as np
import torch


def extract_features(texts, tokenizer, model, batch_size=32, pooling="mean"):
    if pooling not in ("mean", "cls"):
        raise ValueError(f"unknown pooling {pooling!r}")
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    out = [np.zeros((0, model.config.hidden_size), dtype=np.float32)]
    try:
        with torch.no_grad():
            for i in range(0, len(texts), batch_size):
                batch = tokenizer(
                    texts[i : i + batch_size],
                    padding=True,
                    truncation=True,
                    max_length=tokenizer.model_max_length,
                    return_tensors="pt",
                ).to(model.device)
                h = model(**batch).last_hidden_state.float()
                if pooling == "cls":
                    v = h[:, 0]
                else:
                    m = (batch["input_ids"] != tokenizer.pad_token_id).unsqueeze(-1).float()
                    v = (h * m).sum(1) / m.sum(1).clamp(min=1)
                out.append(v.cpu().numpy())
    finally:
        for m, mode in modes:
            m.training = mode
    return np.concatenate(out)
