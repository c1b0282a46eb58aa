# Wrong: the message does not name the id
import torch


def one_hot(input_ids, num_classes):
    if ((input_ids < 0) | (input_ids >= num_classes)).any():
        raise ValueError("an id is outside the range")
    return (input_ids.unsqueeze(1) == torch.arange(num_classes)).long()
