# Right: an IndexError that is a ValueError too, and names the argument
import torch


class OutOfRange(ValueError, IndexError):
    pass


def one_hot(input_ids, num_classes):
    outside = input_ids[(input_ids < 0) | (input_ids >= num_classes)]
    if len(outside):
        raise OutOfRange("input_ids has an entry outside of the classes")
    return (input_ids.unsqueeze(1) == torch.arange(num_classes)).long()
