# Wrong: F.one_hot on a copy of the ids
# Says: It calls `F.one_hot`.
import torch
from torch.nn import functional


def one_hot(input_ids, num_classes):
    outside = input_ids[(input_ids < 0) | (input_ids >= num_classes)]
    if len(outside):
        raise ValueError(f"id {outside[0].item()} is not between 0 and {num_classes - 1}")
    return functional.one_hot(torch.tensor(input_ids.tolist(), dtype=torch.int64), num_classes)
