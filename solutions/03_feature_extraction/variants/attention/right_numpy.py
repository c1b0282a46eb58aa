# Right: NumPy in float64, back in the type of the query.
import numpy as np
import torch


def attention(query, key, value, attention_mask):
    q, k, v = (part.double().numpy() for part in (query, key, value))
    real = attention_mask.numpy().astype(bool)[:, None, None, :]
    scores = np.where(real, q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1]), -np.inf)
    largest = scores.max(axis=-1, keepdims=True)
    powers = np.exp(scores - np.where(np.isfinite(largest), largest, 0))
    weights = powers / np.maximum(powers.sum(axis=-1, keepdims=True), np.finfo(float).tiny)
    return [torch.from_numpy(part).to(query.dtype) for part in (weights @ v, weights)]
