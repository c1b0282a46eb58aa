# Right: columns by column, bool by NumPy
import numpy as np
import pandas as pd


def compare_tokenizers(text, tokenizers):
    table = pd.DataFrame({"tokenizer": list(tokenizers)}).set_index("tokenizer")
    each = list(tokenizers.values())
    table["tokens"] = [one.tokenize(text) for one in each]
    table["num_tokens"] = table["tokens"].map(len)
    table["vocab_size"] = np.array([one.vocab_size for one in each])
    ids = [one.encode(text, add_special_tokens=False) for one in each]
    back = [one.decode(found) for one, found in zip(each, ids, strict=True)]
    table["lossless"] = np.array(back, dtype=object) == text
    return table
