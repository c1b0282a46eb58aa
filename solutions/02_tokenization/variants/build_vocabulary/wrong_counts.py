# Wrong: gives how often each token occurs
from collections import Counter


def build_vocabulary(texts, tokenize):
    counts = Counter(token for text in texts for token in tokenize(text))
    return dict(sorted(counts.items()))
