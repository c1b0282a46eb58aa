# Wrong: lossless asks only for unknown tokens
import pandas as pd


def compare_tokenizers(text, tokenizers):
    rows = {}
    for name, tokenizer in tokenizers.items():
        ids = tokenizer.encode(text, add_special_tokens=False)
        rows[name] = {
            "tokens": tokenizer.convert_ids_to_tokens(ids),
            "num_tokens": len(ids),
            "vocab_size": tokenizer.vocab_size,
            "lossless": tokenizer.unk_token_id not in ids,
        }
    frame = pd.DataFrame(list(rows.values()), index=list(rows))
    frame.index.name = "tokenizer"
    return frame
