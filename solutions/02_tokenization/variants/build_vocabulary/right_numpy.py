# Right: NumPy's distinct values, which are sorted, and its integers for ids
import numpy as np


def build_vocabulary(texts, tokenize):
    tokens = [token for text in texts for token in tokenize(text)]
    distinct = sorted(map(str, np.unique(np.array(tokens, dtype=object))))
    return dict(zip(distinct, np.arange(len(distinct)), strict=True))
