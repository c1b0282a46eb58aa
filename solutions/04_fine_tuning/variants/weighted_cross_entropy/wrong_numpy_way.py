# Wrong: NumPy on the way, which carries no gradients.
import torch


def weighted_cross_entropy(logits, labels, weights):
    logs = torch.from_numpy(logits.detach().numpy()).log_softmax(dim=1)
    losses = -logs[torch.arange(len(labels)), labels]
    used = weights[labels]
    return (used * losses).sum() / used.sum()
