# Right: the model's own loss, which is a mean over the label's tokens, times their number.
import torch


def label_log_probabilities(prompt, labels, tokenizer, model):
    start = tokenizer(prompt).input_ids
    training = model.training
    model.eval()
    found = []
    try:
        for label in labels:
            tokens = tokenizer(" " + label, add_special_tokens=False).input_ids
            ids = torch.tensor([start + tokens]).to(model.device)
            wanted = ids.clone()
            wanted[:, : len(start)] = -100
            with torch.no_grad():
                loss = model(input_ids=ids, labels=wanted).loss
            found.append((label, -float(loss) * len(tokens)))
    finally:
        model.train(training)
    return dict(sorted(found, key=lambda pair: pair[1], reverse=True))
