# Wrong: scores are rounded to two digits.
import torch


def top_predictions(logits, id2label, top_k=None):
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k must be 1 or more, not {top_k}")
    probabilities = torch.softmax(logits, dim=-1)
    order = probabilities.argsort(descending=True)[:top_k].tolist()
    return [{"label": id2label[i], "score": round(probabilities[i].item(), 2)} for i in order]
