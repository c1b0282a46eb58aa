# Wrong: the message names neither the argument nor its value.
import torch


def top_predictions(logits, id2label, top_k=None):
    if top_k is not None and top_k < 1:
        raise ValueError("there is nothing to give")
    probabilities = torch.softmax(logits, dim=-1)
    order = probabilities.argsort(descending=True)[:top_k].tolist()
    return [{"label": id2label[i], "score": probabilities[i].item()} for i in order]
