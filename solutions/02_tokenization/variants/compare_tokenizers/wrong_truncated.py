# Wrong: truncates at the model's maximum
import pandas as pd


def compare_tokenizers(text, tokenizers):
    rows = {}
    for name, tokenizer in tokenizers.items():
        ids = tokenizer.encode(text, add_special_tokens=False, truncation=True)
        rows[name] = {
            "tokens": tokenizer.convert_ids_to_tokens(ids),
            "num_tokens": len(ids),
            "vocab_size": tokenizer.vocab_size,
            "lossless": tokenizer.decode(ids) == text,
        }
    frame = pd.DataFrame(list(rows.values()), index=list(rows))
    frame.index.name = "tokenizer"
    return frame
