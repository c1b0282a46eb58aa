# Right: a row for each id by a loop over enumerate
import torch


def one_hot(input_ids, num_classes):
    outside = input_ids[(input_ids < 0) | (input_ids >= num_classes)]
    if len(outside):
        raise ValueError(f"id {outside[0].item()} is not between 0 and {num_classes - 1}")
    matrix = torch.zeros(len(input_ids), num_classes).long()
    for row, column in enumerate(input_ids):
        matrix[row, column] = 1
    return matrix
