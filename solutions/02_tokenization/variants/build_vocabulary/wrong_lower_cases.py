# Wrong: lower-cases the tokens, which is for `tokenize` to decide
def build_vocabulary(texts, tokenize):
    distinct = sorted({token.lower() for text in texts for token in tokenize(text)})
    return {token: index for index, token in enumerate(distinct)}
