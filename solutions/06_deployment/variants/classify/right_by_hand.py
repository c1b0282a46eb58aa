# Right: ids cut by hand, NumPy for the softmax, the mode put back.
import numpy as np
import torch


def classify(text, tokenizer, model):
    encoded = tokenizer([text], max_length=tokenizer.model_max_length, truncation="longest_first")
    tensors = {name: torch.tensor(rows) for name, rows in encoded.items()}
    was_training = model.training
    model.eval()
    with torch.inference_mode():
        row = model(**tensors).logits.numpy()[0]
    model.train(was_training)
    powers = np.exp(row - row.max())
    best = int(np.argmax(row))
    return {"label": model.config.id2label[best], "score": float(powers[best] / powers.sum())}
