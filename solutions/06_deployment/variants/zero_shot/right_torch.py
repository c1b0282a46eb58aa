# Right: torch's cosine similarity, a label at a time.
import torch


def zero_shot(text, labels, embed):
    if not labels:
        raise ValueError("no labels given")
    anchor = torch.as_tensor(embed([text])).double()
    sims = [
        torch.cosine_similarity(anchor, torch.as_tensor(embed([name])).double()) for name in labels
    ]
    scores, order = torch.softmax(10 * torch.cat(sims), dim=0).sort(descending=True)
    return {
        labels[index]: score for index, score in zip(order.tolist(), scores.tolist(), strict=False)
    }
