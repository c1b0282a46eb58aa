# Wrong: repeats one and the same row
# Says: All rows are one and the same list
import torch


def one_hot(input_ids, num_classes):
    outside = input_ids[(input_ids < 0) | (input_ids >= num_classes)]
    if len(outside):
        raise ValueError(f"id {outside[0].item()} is not between 0 and {num_classes - 1}")
    rows = [[0] * num_classes] * len(input_ids)
    for row, column in zip(rows, input_ids.tolist(), strict=True):
        row[column] = 1
    return torch.tensor(rows, dtype=torch.int64).reshape(len(input_ids), num_classes)
