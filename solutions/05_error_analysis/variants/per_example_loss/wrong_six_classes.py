# Wrong: only the first six columns, as many as the lesson has classes.
import torch


def per_example_loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    log_probabilities = torch.log_softmax(logits[:, :6], dim=1)
    return -log_probabilities.gather(1, labels.unsqueeze(1)).squeeze(1)
