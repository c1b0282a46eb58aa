# Wrong: sorted as in a dictionary, capitals next to small letters
def build_vocabulary(texts, tokenize):
    distinct = {token for text in texts for token in tokenize(text)}
    return {token: index for index, token in enumerate(sorted(distinct, key=str.lower))}
