# Wrong: a repeated token takes several numbers, so ids have gaps
def build_vocabulary(texts, tokenize):
    tokens = sorted(token for text in texts for token in tokenize(text))
    return {token: index for index, token in enumerate(tokens)}
