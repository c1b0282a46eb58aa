# Right: the prompt passes through the model once, and its keys and values are kept.
import copy

import torch


@torch.no_grad()
def label_log_probabilities(prompt, labels, tokenizer, model):
    start = tokenizer(prompt, return_tensors="pt")["input_ids"].to(model.device)
    training, sums = model.training, {}
    model.eval()
    try:
        first = model(input_ids=start, use_cache=True)
        for label in labels:
            tokens = tokenizer(f" {label}", add_special_tokens=False, return_tensors="pt")
            tokens = tokens["input_ids"].to(model.device)
            logits = first.logits[0, -1:]
            if tokens.shape[1] > 1:
                past = copy.deepcopy(first.past_key_values)
                rest = model(input_ids=tokens[:, :-1], past_key_values=past, use_cache=True)
                logits = torch.cat([logits, rest.logits[0]])
            logits = logits.float()
            chosen = logits[torch.arange(tokens.shape[1]), tokens[0]] - logits.logsumexp(dim=1)
            sums[label] = chosen.sum().item()
    finally:
        model.train(training)
    return {label: sums[label] for label in sorted(labels, key=sums.get, reverse=True)}
