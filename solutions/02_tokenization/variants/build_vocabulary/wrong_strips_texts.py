# Wrong: strips the texts
# Says: Blanks were stripped; that is for `tokenize` to decide.
def build_vocabulary(texts, tokenize):
    distinct = {token for text in texts for token in tokenize(text.strip())}
    return {token: index for index, token in enumerate(sorted(distinct))}
