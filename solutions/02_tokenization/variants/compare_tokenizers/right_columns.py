# Right: column by column, tokens by `tokenize`
import pandas as pd


def compare_tokenizers(text, tokenizers):
    names = list(tokenizers)
    tokens = [tokenizers[name].tokenize(text) for name in names]
    back = [
        tokenizers[name].decode(tokenizers[name](text, add_special_tokens=False).input_ids)
        for name in names
    ]
    return pd.DataFrame(
        {
            "tokens": pd.Series(tokens, dtype=object),
            "num_tokens": [len(cut) for cut in tokens],
            "vocab_size": [tokenizers[name].vocab_size for name in names],
            "lossless": [text == again for again in back],
        }
    ).set_index(pd.Index(names, name="tokenizer"))
