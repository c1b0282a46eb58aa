# Wrong: the model's configuration is another one afterwards.
import torch


def classify(text, tokenizer, model):
    inputs = tokenizer(text, truncation=True, return_tensors="pt")
    model.config.output_hidden_states = True
    with torch.no_grad():
        logits = model(**inputs).logits[0]
    scores = torch.softmax(logits, dim=-1)
    best = int(scores.argmax())
    return {"label": model.config.id2label[best], "score": float(scores[best])}
