# Wrong: takes the labels as columns of every row.


def per_example_loss(logits, labels):

    return -logits.log_softmax(dim=1)[:, labels]
