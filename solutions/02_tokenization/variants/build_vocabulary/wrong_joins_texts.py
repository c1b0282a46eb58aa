# Wrong: cuts all texts joined into one
def build_vocabulary(texts, tokenize):
    distinct = sorted(set(tokenize(" ".join(texts))))
    return {token: index for index, token in enumerate(distinct)}
