# Wrong: strips the text before it is cut
import pandas as pd


def compare_tokenizers(text, tokenizers):
    text = text.strip()
    rows = []
    for tokenizer in tokenizers.values():
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        rows.append(
            {
                "tokens": tokenizer.convert_ids_to_tokens(ids),
                "num_tokens": len(ids),
                "vocab_size": tokenizer.vocab_size,
                "lossless": tokenizer.decode(ids) == text,
            }
        )
    return pd.DataFrame(rows, index=pd.Index(list(tokenizers), name="tokenizer"))
