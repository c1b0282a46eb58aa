# Wrong: two classes of the same name are made one.
import torch


def top_predictions(logits, id2label, top_k=None):
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k must be at least 1, not {top_k}")
    scores = torch.softmax(logits, dim=-1).tolist()
    by_name = {id2label[index]: score for index, score in enumerate(scores)}
    best = sorted(by_name.items(), key=lambda pair: pair[1], reverse=True)
    return [{"label": name, "score": score} for name, score in best[:top_k]]
