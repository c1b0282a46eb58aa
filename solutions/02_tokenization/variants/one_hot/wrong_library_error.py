# Wrong: F.one_hot's own RuntimeError for an id outside the range
import torch.nn.functional as F  # noqa: N812


def one_hot(input_ids, num_classes):
    return F.one_hot(input_ids, num_classes)
