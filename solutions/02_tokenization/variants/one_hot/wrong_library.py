# Wrong: F.one_hot after a check of the range
import torch.nn.functional as F  # noqa: N812


def one_hot(input_ids, num_classes):
    for value in input_ids.tolist():
        if not 0 <= value < num_classes:
            raise ValueError(f"id {value} is outside 0 to {num_classes - 1}")
    return F.one_hot(input_ids, num_classes)
