# Wrong: the model predicts in the mode that it comes in.
import torch


def predict_texts(texts, tokenizer, model):
    training = model.training
    names = []
    with torch.no_grad():
        for start in range(0, len(texts), 32):
            batch = tokenizer(
                texts[start : start + 32], padding=True, truncation=True, return_tensors="pt"
            )
            chosen = model(**batch).logits.argmax(dim=-1).tolist()
            names.extend(model.config.id2label[label] for label in chosen)
    model.train(training)
    return names
