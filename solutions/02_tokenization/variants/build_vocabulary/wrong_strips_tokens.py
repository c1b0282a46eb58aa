# Wrong: strips the tokens
# Says: Blanks were stripped; that is for `tokenize` to decide.
def build_vocabulary(texts, tokenize):
    distinct = {token.strip() for text in texts for token in tokenize(text)}
    return {token: index for index, token in enumerate(sorted(distinct))}
