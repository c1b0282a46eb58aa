# Wrong: IndexError instead of ValueError
import torch


def one_hot(input_ids, num_classes):
    for value in input_ids.tolist():
        if not 0 <= value < num_classes:
            raise IndexError(f"id {value} is outside 0 to {num_classes - 1}")
    return (input_ids.unsqueeze(1) == torch.arange(num_classes)).long()
