# Right: batches of like length, put back in order.
import torch


def predict_texts(texts, tokenizer, model):
    training = model.training
    order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
    names = [""] * len(texts)
    model.eval()
    try:
        for start in range(0, len(order), 32):
            rows = order[start : start + 32]
            chunk = [texts[row] for row in rows]
            batch = tokenizer(chunk, padding="longest", truncation=True, return_tensors="pt")
            with torch.inference_mode():
                output = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"])
            for row, label in zip(rows, output.logits.argmax(1), strict=True):
                names[row] = model.config.id2label[int(label)]
    finally:
        model.train(training)
    return names
