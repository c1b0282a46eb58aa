# Wrong: each text starts the vocabulary anew
def build_vocabulary(texts, tokenize):
    vocabulary = {}
    for text in texts:
        vocabulary = {token: index for index, token in enumerate(sorted(set(tokenize(text))))}
    return vocabulary
