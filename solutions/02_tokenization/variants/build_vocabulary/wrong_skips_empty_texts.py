# Wrong: does not ask `tokenize` about an empty text
# Says: An empty text goes through `tokenize`, too.
def build_vocabulary(texts, tokenize):
    distinct = {token for text in texts if text for token in tokenize(text)}
    return {token: index for index, token in enumerate(sorted(distinct))}
