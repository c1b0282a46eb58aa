# Wrong: sorted by length first
def build_vocabulary(texts, tokenize):
    distinct = {token for text in texts for token in tokenize(text)}
    ordered = sorted(distinct, key=lambda token: (len(token), token))
    return {token: index for index, token in enumerate(ordered)}
