# Right: the same mapping, filled in the order of appearance
def build_vocabulary(texts, tokenize):
    tokens = list(dict.fromkeys(token for text in texts for token in tokenize(text)))
    places = sorted(tokens)
    return {token: places.index(token) for token in tokens}
