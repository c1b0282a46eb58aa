# Wrong: stops where there are no texts
# Says: For no texts at all, the vocabulary: your code stops with TypeError
def build_vocabulary(texts, tokenize):
    distinct = set.union(*(set(tokenize(text)) for text in texts))
    return {token: index for index, token in enumerate(sorted(distinct))}
