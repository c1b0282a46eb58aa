# Wrong: pads between prompt and label, where it is read.
import torch


def label_log_probabilities(prompt, labels, tokenizer, model):
    start = tokenizer(prompt)["input_ids"]
    endings = [tokenizer(f" {label}", add_special_tokens=False)["input_ids"] for label in labels]
    longest = max(map(len, endings))
    rows = [start + [0] * (longest - len(tokens)) + tokens for tokens in endings]
    ids = torch.tensor(rows, device=model.device)
    mask = torch.tensor(
        [[0] * (longest - len(tokens)) + [1] * len(tokens) for tokens in endings],
        device=model.device,
    )
    seen = torch.cat([torch.ones(len(rows), len(start), dtype=torch.long), mask.cpu()], dim=1)
    modes = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        with torch.inference_mode():
            logits = model(input_ids=ids, attention_mask=seen.to(model.device)).logits
    finally:
        for part, mode in modes:
            part.training = mode
    shares = logits[:, len(start) - 1 : -1].float().log_softmax(dim=2)
    chosen = shares.gather(2, ids[:, len(start) :, None]).squeeze(2)
    sums = (chosen * mask).sum(dim=1).tolist()
    order = sorted(range(len(labels)), key=lambda row: -sums[row])
    return {labels[row]: sums[row] for row in order}
