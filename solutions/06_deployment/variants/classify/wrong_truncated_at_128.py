# Wrong: truncated at 128 at most.
import torch


def classify(text, tokenizer, model):
    inputs = tokenizer(
        text, truncation=True, max_length=min(128, tokenizer.model_max_length), return_tensors="pt"
    )
    with torch.no_grad():
        logits = model(**inputs).logits[0]
    scores = torch.softmax(logits, dim=-1)
    best = int(scores.argmax())
    return {"label": model.config.id2label[best], "score": float(scores[best])}
