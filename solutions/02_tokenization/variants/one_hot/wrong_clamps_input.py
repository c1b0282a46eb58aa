# Wrong: sets ids outside the range to the nearest class, in place
import torch


def one_hot(input_ids, num_classes):
    input_ids.clamp_(0, num_classes - 1)
    return torch.eye(num_classes, dtype=torch.int64)[input_ids]
