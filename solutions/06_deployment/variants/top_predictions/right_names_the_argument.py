# Right: the message names the argument, not its value.
import torch


def top_predictions(logits, id2label, top_k=None):
    if top_k is not None and top_k < 1:
        raise ValueError("top_k must be at least 1")
    probabilities = torch.softmax(logits, dim=-1)
    order = probabilities.argsort(descending=True)[:top_k].tolist()
    return [{"label": id2label[i], "score": probabilities[i].item()} for i in order]
