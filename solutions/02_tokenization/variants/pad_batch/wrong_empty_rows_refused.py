# Wrong: raises for a batch of empty sequences
# Says: For [[], []] the batch: your code stops with ValueError
import torch


def pad_batch(sequences, pad_id=0, max_length=None):
    if not any(sequences):
        raise ValueError("no sequences")
    if max_length is not None and max_length < 2:
        raise ValueError(f"max_length must be at least 2, not {max_length}")
    rows = []
    for ids in sequences:
        if max_length is not None and len(ids) > max_length:
            ids = ids[: max_length - 1] + ids[-1:]
        rows.append(ids)
    longest = max(len(ids) for ids in rows)
    input_ids = [ids + [pad_id] * (longest - len(ids)) for ids in rows]
    mask = [[1] * len(ids) + [0] * (longest - len(ids)) for ids in rows]
    return {
        "input_ids": torch.tensor(input_ids, dtype=torch.int64),
        "attention_mask": torch.tensor(mask, dtype=torch.int64),
    }
