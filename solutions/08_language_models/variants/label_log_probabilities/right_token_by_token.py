# Right: one forward pass for each token of a label.
import torch


def label_log_probabilities(prompt, labels, tokenizer, model):
    start = tokenizer(prompt)["input_ids"]
    training = model.training
    model.train(False)
    sums = [0.0] * len(labels)
    try:
        for row, label in enumerate(labels):
            ids = list(start)
            for token in tokenizer(f" {label}", add_special_tokens=False)["input_ids"]:
                with torch.no_grad():
                    logits = model(torch.tensor([ids], device=model.device)).logits[0, -1]
                sums[row] += torch.log_softmax(logits.double(), dim=0)[token].item()
                ids.append(token)
    finally:
        model.train(training)
    pairs = list(zip(labels, sums, strict=True))
    pairs.sort(key=lambda pair: -pair[1])
    return dict(pairs)
