# Wrong: blanks at the ends of labels are cut off.
import torch


def top_predictions(logits, id2label, top_k=None):
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k must be at least 1, not {top_k}")
    probabilities = torch.softmax(logits, dim=-1)
    scores, order = probabilities.sort(descending=True)
    found = []
    for index, score in zip(order.tolist(), scores.tolist(), strict=False):
        found.append({"label": id2label[index].strip(), "score": score})
    return found[:top_k]
