# Wrong: cuts at white space instead of calling `tokenize`
def build_vocabulary(texts, tokenize):
    distinct = sorted({token for text in texts for token in text.split()})
    return {token: index for index, token in enumerate(distinct)}
