# Right: NumPy, with the exponentials by hand.
import numpy as np


def top_predictions(logits, id2label, top_k=None):
    number = len(logits) if top_k is None else top_k
    if number < 1:
        raise ValueError(f"top_k={top_k}")
    values = logits.detach().cpu().numpy().astype(np.float64)
    powers = np.exp(values - values.max())
    entries = [
        {"label": id2label[index], "score": float(power / powers.sum())}
        for index, power in enumerate(powers)
    ]
    return sorted(entries, key=lambda entry: entry["score"], reverse=True)[:number]
