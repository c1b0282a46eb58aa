# Right: PyTorch's own pad_sequence, and lengths against positions
import torch
from torch.nn.utils.rnn import pad_sequence


def pad_batch(sequences, pad_id=0, max_length=None):
    if max_length is not None and max_length < 2:
        raise ValueError(f"{max_length=} leaves no place for two special tokens")
    if len(sequences) == 0:
        raise ValueError("sequences is empty")
    rows = [torch.tensor(ids, dtype=torch.int64) for ids in sequences]
    if max_length is not None:
        rows = [
            torch.cat([ids[: max_length - 1], ids[-1:]]) if len(ids) > max_length else ids
            for ids in rows
        ]
    input_ids = pad_sequence(rows, batch_first=True, padding_value=pad_id)
    lengths = torch.tensor([len(ids) for ids in rows])
    mask = torch.arange(input_ids.shape[1]) < lengths.unsqueeze(1)
    return {"attention_mask": mask.long(), "input_ids": input_ids}
