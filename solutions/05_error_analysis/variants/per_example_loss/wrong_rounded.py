# Wrong: rounded to four places, as the example prints it.
import torch


def per_example_loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    log_probabilities = torch.log_softmax(logits, dim=1)
    return -log_probabilities.gather(1, labels.unsqueeze(1)).squeeze(1).round(decimals=4)
