# Right: a cross-entropy summed over the label's tokens, from a tuple.
import torch
from torch.nn.functional import cross_entropy


def label_log_probabilities(prompt, labels, tokenizer, model):
    was_training = {part: part.training for part in model.modules()}
    start = tokenizer(prompt)["input_ids"]

    def score(label):
        tokens = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
        ids = torch.tensor([[*start, *tokens]], device=model.device)
        logits = model(ids, return_dict=False)[0][0, :-1]
        return -cross_entropy(logits[len(start) - 1 :], ids[0, len(start) :], reduction="sum")

    try:
        model.eval()
        with torch.inference_mode():
            scores = [score(label).float().numpy()[()] for label in labels]
    except Exception:
        for part, mode in was_training.items():
            part.training = mode
        raise
    for part, mode in was_training.items():
        part.training = mode
    best_first = sorted(zip(labels, scores, strict=True), key=lambda pair: -pair[1])
    return dict(best_first)
