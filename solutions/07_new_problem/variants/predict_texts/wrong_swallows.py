# Wrong: a batch that fails is passed over in silence.
import torch


def predict_texts(texts, tokenizer, model):
    training = model.training
    model.eval()
    names = []
    try:
        with torch.no_grad():
            for start in range(0, len(texts), 32):
                chunk = texts[start : start + 32]
                encoded = tokenizer(chunk, padding=True, truncation=True, return_tensors="pt")
                best = model(**encoded.to(model.device)).logits.argmax(dim=-1)
                names += [model.config.id2label[label] for label in best.tolist()]
    except RuntimeError:
        pass
    finally:
        model.train(training)
    return names
