# Wrong: ids out of range are clamped in place before it raises.
import torch


def one_hot(input_ids, num_classes):
    bad = input_ids[(input_ids < 0) | (input_ids >= num_classes)]
    if len(bad):
        input_ids.clamp_(0, num_classes - 1)
        raise ValueError(f"ids out of range: {bad.tolist()}")
    result = torch.zeros(len(input_ids), num_classes, dtype=torch.int64)
    result[torch.arange(len(input_ids)), input_ids] = 1
    return result
