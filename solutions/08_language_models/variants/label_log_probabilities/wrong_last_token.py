# Wrong: the last token of a label stands for all.
import torch


def label_log_probabilities(prompt, labels, tokenizer, model):
    training, sums = model.training, {}
    start = tokenizer(prompt)["input_ids"]
    model.eval()
    try:
        with torch.no_grad():
            for label in labels:
                tokens = tokenizer(" " + label, add_special_tokens=False)["input_ids"]
                logits = model(torch.tensor([start + tokens])).logits[0].float()
                places = range(len(start) - 1, len(start) + len(tokens) - 1)
                shares = torch.log_softmax(logits, dim=-1)[list(places)]
                sums[label] = float(shares[range(len(tokens)), tokens][-1])
    finally:
        model.train(training)
    return dict(sorted(sums.items(), key=lambda item: item[1], reverse=True))
