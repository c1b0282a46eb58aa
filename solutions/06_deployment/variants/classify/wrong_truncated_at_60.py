# Wrong: truncated at 60, whatever the tokenizer's maximum.
import torch


def classify(text, tokenizer, model):
    inputs = tokenizer(text, truncation=True, max_length=60, return_tensors="pt")
    with torch.no_grad():
        logits = model(**inputs).logits
    score, index = torch.softmax(logits, dim=-1)[0].max(dim=0)
    return {"label": model.config.id2label[index.item()], "score": score.item()}
