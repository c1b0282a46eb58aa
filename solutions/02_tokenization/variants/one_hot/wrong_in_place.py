# Wrong: sorts the ids where they are
# Says: the input was changed in place
import torch


def one_hot(input_ids, num_classes):
    outside = input_ids[(input_ids < 0) | (input_ids >= num_classes)]
    if len(outside):
        raise ValueError(f"id {outside[0].item()} is not between 0 and {num_classes - 1}")
    matrix = (input_ids.unsqueeze(1) == torch.arange(num_classes)).long()
    input_ids.zero_()
    return matrix
