# Wrong: as many columns as the largest id needs
import torch


def one_hot(input_ids, num_classes):
    for value in input_ids.tolist():
        if not 0 <= value < num_classes:
            raise ValueError(f"id {value} is outside 0 to {num_classes - 1}")
    size = int(input_ids.max()) + 1 if len(input_ids) else num_classes
    return torch.eye(size, dtype=torch.int64)[input_ids]
