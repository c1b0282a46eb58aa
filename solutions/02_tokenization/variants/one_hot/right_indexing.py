# Right: ones by integer indexing, the range checked at once
import torch


def one_hot(input_ids, num_classes):
    wrong = [value for value in input_ids.tolist() if value not in range(num_classes)]
    if wrong:
        raise ValueError(f"ids outside the range: {wrong}")
    matrix = torch.zeros((input_ids.shape[0], num_classes), dtype=torch.int64)
    matrix[torch.arange(input_ids.shape[0]), input_ids] = 1
    return matrix
