# Wrong: a class is taken for a place in id2label.
import torch


def classify(text, tokenizer, model):
    inputs = tokenizer(text, truncation=True, return_tensors="pt")
    with torch.no_grad():
        logits = model(**inputs).logits[0]
    scores = torch.softmax(logits, dim=-1)
    best = int(scores.argmax())
    return {"label": list(model.config.id2label.values())[best], "score": float(scores[best])}
