# Wrong: softmax over the kept classes only.
import torch


def top_predictions(logits, id2label, top_k=None):
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k must be 1 or more, not {top_k}")
    kept, order = logits.sort(descending=True)
    scores = torch.softmax(kept[:top_k], dim=-1).tolist()
    names = [id2label[i] for i in order.tolist()]
    return [{"label": name, "score": score} for name, score in zip(names, scores, strict=False)]
