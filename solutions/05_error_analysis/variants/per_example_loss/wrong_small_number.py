# Wrong: a small number keeps the logarithm finite, and wrong.


def per_example_loss(logits, labels):

    probabilities = logits.softmax(dim=1).gather(1, labels.unsqueeze(1)).squeeze(1)
    return -(probabilities + 1e-9).log()
