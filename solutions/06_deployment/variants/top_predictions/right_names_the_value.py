# Right: the message names the value; an exception of its own class.
import torch


class TooFew(ValueError):
    pass


def top_predictions(logits, id2label, top_k=None):
    if top_k is not None and top_k < 1:
        raise TooFew(f"{top_k} is too small")
    probabilities = torch.softmax(logits, dim=-1)
    order = probabilities.argsort(descending=True)[:top_k].tolist()
    return [{"label": id2label[i], "score": probabilities[i].item()} for i in order]
