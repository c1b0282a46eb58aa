# Wrong: asks for the smallest and largest of no ids
import torch


def one_hot(input_ids, num_classes):
    if input_ids.min() < 0 or input_ids.max() >= num_classes:
        raise ValueError(f"an id of {input_ids.tolist()} is outside 0 to {num_classes - 1}")
    return (input_ids.unsqueeze(1) == torch.arange(num_classes)).long()
