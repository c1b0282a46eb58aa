# Wrong: float32 instead of int64
import torch


def one_hot(input_ids, num_classes):
    for value in input_ids.tolist():
        if not 0 <= value < num_classes:
            raise ValueError(f"id {value} is outside 0 to {num_classes - 1}")
    return torch.eye(num_classes)[input_ids]
