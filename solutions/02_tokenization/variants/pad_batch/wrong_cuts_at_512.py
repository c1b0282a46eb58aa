# Wrong: without `max_length` it cuts at 512.
import torch


def pad_batch(sequences, pad_id=0, max_length=512):
    if max_length is not None and max_length < 2:
        raise ValueError(f"max_length is {max_length}, but has to be at least 2")
    if len(sequences) == 0:
        raise ValueError("there are no sequences")
    cut = []
    for sequence in sequences:
        if max_length is not None and len(sequence) > max_length:
            sequence = sequence[: max_length - 1] + sequence[-1:]
        cut.append(sequence)
    longest = max(len(sequence) for sequence in cut)
    ids = [list(s) + [pad_id] * (longest - len(s)) for s in cut]
    mask = [[1] * len(s) + [0] * (longest - len(s)) for s in cut]
    return {
        "input_ids": torch.tensor(ids, dtype=torch.int64),
        "attention_mask": torch.tensor(mask, dtype=torch.int64),
    }
