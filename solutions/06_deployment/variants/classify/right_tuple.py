# Right: logits from a tuple, the maximum named, the softmax in float32, a score of NumPy.
import torch


def classify(text, tokenizer, model):
    inputs = tokenizer(
        text, truncation=True, max_length=tokenizer.model_max_length, return_tensors="pt"
    )
    with torch.no_grad():
        logits = model(**inputs, return_dict=False)[0].float()
    score, index = torch.softmax(logits, dim=-1)[0].max(dim=0)
    return {"label": model.config.id2label[index.item()], "score": score.numpy()[()]}
