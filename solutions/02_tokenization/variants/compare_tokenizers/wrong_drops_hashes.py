# Wrong: tokens lose their ##.
import pandas as pd


def compare_tokenizers(text, tokenizers):
    rows = []
    for tokenizer in tokenizers.values():
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        tokens = tokenizer.convert_ids_to_tokens(ids)
        rows.append(
            {
                "tokens": [t.replace("##", "") for t in tokens],
                "num_tokens": len(tokens),
                "vocab_size": tokenizer.vocab_size,
                "lossless": tokenizer.decode(ids) == text,
            }
        )
    return pd.DataFrame(rows, index=pd.Index(list(tokenizers), name="tokenizer"))
