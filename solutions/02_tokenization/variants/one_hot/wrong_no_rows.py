# Wrong: stacks rows, which fails without ids
import torch


def one_hot(input_ids, num_classes):
    for value in input_ids.tolist():
        if not 0 <= value < num_classes:
            raise ValueError(f"id {value} is outside 0 to {num_classes - 1}")
    rows = []
    for value in input_ids.tolist():
        row = torch.zeros(num_classes, dtype=torch.int64)
        row[value] = 1
        rows.append(row)
    return torch.stack(rows)
