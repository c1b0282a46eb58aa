# Wrong: names are taken by their place in the dict.
# Says: A class is a key of `id2label`
import torch


def top_predictions(logits, id2label, top_k=None):
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k must be 1 or more, not {top_k}")
    probabilities = torch.softmax(logits, dim=-1)
    order = probabilities.argsort(descending=True)[:top_k].tolist()
    return [{"label": list(id2label.values())[i], "score": probabilities[i].item()} for i in order]
