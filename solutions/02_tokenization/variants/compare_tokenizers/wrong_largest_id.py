# Wrong: vocab_size is the largest id and one
import pandas as pd


def compare_tokenizers(text, tokenizers):
    rows = []
    for tokenizer in tokenizers.values():
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        rows.append(
            {
                "tokens": tokenizer.convert_ids_to_tokens(ids),
                "num_tokens": len(ids),
                "vocab_size": max(tokenizer.get_vocab().values()) + 1,
                "lossless": tokenizer.decode(ids) == text,
            }
        )
    return pd.DataFrame(rows, index=pd.Index(list(tokenizers), name="tokenizer"))
