# Wrong: sorts the list of texts in place
def build_vocabulary(texts, tokenize):
    texts.sort()
    distinct = sorted({token for text in texts for token in tokenize(text)})
    return {token: index for index, token in enumerate(distinct)}
