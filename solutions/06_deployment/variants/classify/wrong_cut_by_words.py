# Wrong: cut by words instead of tokens.
import torch


def classify(text, tokenizer, model):
    inputs = tokenizer(" ".join(text.split()[: tokenizer.model_max_length]), return_tensors="pt")
    with torch.no_grad():
        logits = model(**inputs).logits
    score, index = torch.softmax(logits, dim=-1)[0].max(dim=0)
    return {"label": model.config.id2label[index.item()], "score": score.item()}
