# Wrong: cut by hand, with the last token lost.
import torch


def classify(text, tokenizer, model):
    inputs = tokenizer(text, return_tensors="pt")
    inputs = {name: row[:, : tokenizer.model_max_length] for name, row in inputs.items()}
    with torch.no_grad():
        logits = model(**inputs).logits
    score, index = torch.softmax(logits, dim=-1)[0].max(dim=0)
    return {"label": model.config.id2label[index.item()], "score": score.item()}
