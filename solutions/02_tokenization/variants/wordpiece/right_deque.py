# Right: pieces by recursion on the rest of the word
def wordpiece(word, vocab, unk="[UNK]", max_chars=100):
    if len(word) > max_chars:
        return [unk]

    def pieces(start):
        if start == len(word):
            return []
        mark = "##" if start else ""
        for end in reversed(range(start + 1, len(word) + 1)):
            if mark + word[start:end] in vocab:
                rest = pieces(end)
                return None if rest is None else [mark + word[start:end], *rest]
        return None

    found = pieces(0)
    return [unk] if found is None else found
