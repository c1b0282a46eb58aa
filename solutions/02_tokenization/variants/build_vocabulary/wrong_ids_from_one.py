# Wrong: ids start at 1
def build_vocabulary(texts, tokenize):
    distinct = sorted({token for text in texts for token in tokenize(text)})
    return {token: index for index, token in enumerate(distinct, start=1)}
