# Right: torch.topk, limited to the number of classes.
import torch


def top_predictions(logits, id2label, top_k=None):
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k must be 1 or more, not {top_k}")
    probabilities = torch.softmax(logits, dim=-1)
    order = probabilities.topk(min(top_k or len(logits), len(logits))).indices.tolist()
    return [{"label": id2label[i], "score": probabilities[i].item()} for i in order]
