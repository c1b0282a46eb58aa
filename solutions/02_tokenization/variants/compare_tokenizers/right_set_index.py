# Right: a column of names that becomes the index, other column order
import pandas as pd


def compare_tokenizers(text, tokenizers):
    rows = []
    for name, tokenizer in tokenizers.items():
        encoded = tokenizer(text, add_special_tokens=False)
        lossless = tokenizer.decode(encoded["input_ids"]) == text
        row = {"tokenizer": name, "lossless": lossless, "tokens": encoded.tokens()}
        row |= {"num_tokens": len(row["tokens"]), "vocab_size": tokenizer.vocab_size}
        rows.append(row)
    return pd.DataFrame(rows).set_index("tokenizer")
