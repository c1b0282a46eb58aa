# Wrong: leaves out empty tokens
# Says: A token is what `tokenize` gives, an empty one too.
def build_vocabulary(texts, tokenize):
    distinct = {token for text in texts for token in tokenize(text) if token}
    return {token: index for index, token in enumerate(sorted(distinct))}
