# Wrong: F.one_hot under another name
# Says: It calls `F.one_hot`.
from torch.nn.functional import one_hot as by_library


def one_hot(input_ids, num_classes):
    outside = input_ids[(input_ids < 0) | (input_ids >= num_classes)]
    if len(outside):
        raise ValueError(f"id {outside[0].item()} is not between 0 and {num_classes - 1}")
    return by_library(input_ids, num_classes)
