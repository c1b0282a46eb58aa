# Wrong: sorted by UTF-16, in which emoji come before other characters.
def build_vocabulary(texts, tokenize):
    seen = set()
    for text in texts:
        seen.update(tokenize(text))
    return {
        token: number
        for number, token in enumerate(sorted(seen, key=lambda t: t.encode("utf-16-be")))
    }
