# Right: zeros, and ones scattered along the columns
import torch


def one_hot(input_ids, num_classes):
    for value in input_ids.tolist():
        if not 0 <= value < num_classes:
            raise ValueError(f"id {value} is outside 0 to {num_classes - 1}")
    matrix = torch.zeros(len(input_ids), num_classes, dtype=torch.int64)
    return matrix.scatter_(1, input_ids.unsqueeze(1), 1)
