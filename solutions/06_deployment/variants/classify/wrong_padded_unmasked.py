# Wrong: padded to the maximum, and the mask lost.
# Says: Padding was read as text
import torch


def classify(text, tokenizer, model):
    inputs = tokenizer(text, truncation=True, padding="max_length", return_tensors="pt")
    with torch.no_grad():
        logits = model(inputs["input_ids"]).logits
    score, index = torch.softmax(logits, dim=-1)[0].max(dim=0)
    return {"label": model.config.id2label[index.item()], "score": score.item()}
