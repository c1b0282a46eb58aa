# Right: numpy arrays, turned into tensors
import numpy as np
import torch


def pad_batch(sequences, pad_id=0, max_length=None):
    if max_length is not None and max_length < 2:
        raise ValueError(f"max_length {max_length} is below 2")
    if not sequences:
        raise ValueError("a batch needs at least one sequence")
    limit = float("inf") if max_length is None else max_length
    lengths = [min(len(ids), limit) for ids in sequences]
    input_ids = np.full((len(sequences), max(lengths)), pad_id, dtype=np.int64)
    mask = np.zeros_like(input_ids)
    for row, (ids, length) in enumerate(zip(sequences, lengths, strict=True)):
        input_ids[row, :length] = ids[:length]
        if length:
            input_ids[row, length - 1] = ids[-1]
        mask[row, :length] = 1
    return {"input_ids": torch.from_numpy(input_ids), "attention_mask": torch.from_numpy(mask)}
