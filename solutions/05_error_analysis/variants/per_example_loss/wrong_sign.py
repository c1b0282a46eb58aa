# Wrong: the sign is missing.


def per_example_loss(logits, labels):

    return logits.log_softmax(dim=1).gather(1, labels.unsqueeze(1)).squeeze(1)
