# Wrong: sorts within each text, so later texts append
def build_vocabulary(texts, tokenize):
    vocabulary = {}
    for text in texts:
        for token in sorted(tokenize(text)):
            if token not in vocabulary:
                vocabulary[token] = len(vocabulary)
    return vocabulary
