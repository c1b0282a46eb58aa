# Wrong: F.cross_entropy on copies, by a name of its own.
# Says: calls F.cross_entropy
import torch
from torch.nn.functional import cross_entropy as measured


def per_example_loss(logits, labels):
    return measured(torch.tensor(logits.tolist()), torch.tensor(labels.tolist()), reduction="none")
