# Wrong: ids in the order in which tokens turn up, not sorted
def build_vocabulary(texts, tokenize):
    vocabulary = {}
    for text in texts:
        for token in tokenize(text):
            vocabulary.setdefault(token, len(vocabulary))
    return vocabulary
