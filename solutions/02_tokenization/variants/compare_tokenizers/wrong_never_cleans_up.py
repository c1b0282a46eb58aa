# Wrong: decodes without tidying up blanks, whatever the tokenizer's default is.
import pandas as pd


def compare_tokenizers(text, tokenizers):
    rows = []
    for tokenizer in tokenizers.values():
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        tokens = tokenizer.convert_ids_to_tokens(ids)
        rows.append(
            {
                "tokens": tokens,
                "num_tokens": len(tokens),
                "vocab_size": tokenizer.vocab_size,
                "lossless": tokenizer.decode(ids, clean_up_tokenization_spaces=False) == text,
            }
        )
    return pd.DataFrame(rows, index=pd.Index(list(tokenizers), name="tokenizer"))
