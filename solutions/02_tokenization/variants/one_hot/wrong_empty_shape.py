# Wrong: no ids give a tensor of shape (0,)
import torch


def one_hot(input_ids, num_classes):
    for value in input_ids.tolist():
        if not 0 <= value < num_classes:
            raise ValueError(f"id {value} is outside 0 to {num_classes - 1}")
    rows = [[int(value == column) for column in range(num_classes)] for value in input_ids.tolist()]
    return torch.tensor(rows, dtype=torch.int64)
