# Right: flattens with itertools
from itertools import chain


def build_vocabulary(texts, tokenize):
    ordered = sorted(set(chain.from_iterable(map(tokenize, texts))))
    return {ordered[index]: index for index in range(len(ordered))}
