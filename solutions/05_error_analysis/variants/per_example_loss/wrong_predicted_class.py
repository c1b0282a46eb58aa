# Wrong: the loss of the most probable class.


def per_example_loss(logits, labels):

    return -logits.log_softmax(dim=1).max(dim=1).values
