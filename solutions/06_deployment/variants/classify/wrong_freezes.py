# Wrong: freezes the model's weights for good.
import torch


def classify(text, tokenizer, model):
    inputs = tokenizer(text, truncation=True, return_tensors="pt")
    model.requires_grad_(False)
    logits = model(**inputs).logits
    score, index = torch.softmax(logits, dim=-1)[0].max(dim=0)
    return {"label": model.config.id2label[index.item()], "score": score.item()}
