# Wrong: truncated at the model's positions, whatever the tokenizer's maximum.
import torch


def classify(text, tokenizer, model):
    inputs = tokenizer(
        text,
        truncation=True,
        max_length=getattr(model.config, "max_position_embeddings", 512),
        return_tensors="pt",
    )
    with torch.no_grad():
        logits = model(**inputs).logits[0]
    scores = torch.softmax(logits, dim=-1)
    best = int(scores.argmax())
    return {"label": model.config.id2label[best], "score": float(scores[best])}
