# Right: a Counter, numbered by map
from collections import Counter
from itertools import count


def build_vocabulary(texts, tokenize):
    counts = Counter()
    for text in texts:
        counts.update(tokenize(text))
    return dict(map(lambda token, number: (token, number), sorted(counts), count()))
