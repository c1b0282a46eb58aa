# Wrong: leaves gradients in the model.
import torch


def classify(text, tokenizer, model):
    inputs = tokenizer(text, truncation=True, return_tensors="pt")
    logits = model(**inputs).logits[0]
    logits.max().backward()
    logits = logits.detach()
    scores = torch.softmax(logits, dim=-1)
    best = int(scores.argmax())
    return {"label": model.config.id2label[best], "score": float(scores[best])}
