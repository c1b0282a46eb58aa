# Wrong: takes one special token at either end for granted
# Says: Not every tokenizer adds one at either end
import pandas as pd


def compare_tokenizers(text, tokenizers):
    rows = []
    for tokenizer in tokenizers.values():
        ids = tokenizer(text)["input_ids"][1:-1]
        rows.append(
            {
                "tokens": tokenizer.convert_ids_to_tokens(ids),
                "num_tokens": len(ids),
                "vocab_size": tokenizer.vocab_size,
                "lossless": tokenizer.decode(ids) == text,
            }
        )
    return pd.DataFrame(rows, index=pd.Index(list(tokenizers), name="tokenizer"))
