# Right: collects in a loop, numbers with zip
def build_vocabulary(texts, tokenize):
    distinct = set()
    for text in texts:
        distinct.update(tokenize(text))
    return dict(zip(sorted(distinct), range(len(distinct)), strict=True))
