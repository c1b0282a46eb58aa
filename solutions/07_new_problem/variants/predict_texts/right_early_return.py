# Right: an early return, lists of logits, and eval on the way out.
import torch


def predict_texts(texts, tokenizer, model):
    if len(texts) == 0:
        return []
    was_training = model.training
    if was_training:
        model.eval()
    chunks = [texts[start : start + 32] for start in range(0, len(texts), 32)]
    logits = []
    with torch.no_grad():
        for chunk in chunks:
            encoded = tokenizer(chunk, truncation=True, padding=True, return_tensors="pt")
            logits.append(model(**encoded.to(model.device)).logits.float().cpu())
    if was_training:
        model.train()
    best = torch.softmax(torch.cat(logits), dim=1).max(dim=1).indices
    return [model.config.id2label[label.item()] for label in best]
