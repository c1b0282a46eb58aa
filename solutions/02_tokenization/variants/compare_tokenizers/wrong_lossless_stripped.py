# Wrong: lossless does not look at blanks at the ends
import pandas as pd


def compare_tokenizers(text, tokenizers):
    rows = []
    for tokenizer in tokenizers.values():
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        rows.append(
            {
                "tokens": tokenizer.convert_ids_to_tokens(ids),
                "num_tokens": len(ids),
                "vocab_size": tokenizer.vocab_size,
                "lossless": tokenizer.decode(ids).strip() == text.strip(),
            }
        )
    return pd.DataFrame(rows, index=pd.Index(list(tokenizers), name="tokenizer"))
