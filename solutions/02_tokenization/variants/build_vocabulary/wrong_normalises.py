# Wrong: normalises Unicode
# Says: Tokens that look alike may be different strings
import unicodedata


def build_vocabulary(texts, tokenize):
    distinct = {unicodedata.normalize("NFC", token) for text in texts for token in tokenize(text)}
    return {token: index for index, token in enumerate(sorted(distinct))}
