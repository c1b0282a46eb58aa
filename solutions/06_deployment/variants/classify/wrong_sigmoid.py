# Wrong: a sigmoid instead of a softmax.
import torch


def classify(text, tokenizer, model):
    inputs = tokenizer(text, truncation=True, return_tensors="pt")
    with torch.no_grad():
        logits = model(**inputs).logits
    score, index = torch.sigmoid(logits)[0].max(dim=0)
    return {"label": model.config.id2label[index.item()], "score": score.item()}
