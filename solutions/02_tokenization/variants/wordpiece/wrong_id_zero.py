# Wrong: takes a piece with the id 0 for missing
# Says: The id 0 counts as False
def wordpiece(word, vocab, unk="[UNK]", max_chars=100):
    if len(word) > max_chars:
        return [unk]
    pieces, start = [], 0
    while start < len(word):
        prefix = "##" if start else ""
        for end in range(len(word), start, -1):
            if vocab.get(prefix + word[start:end]):
                pieces.append(prefix + word[start:end])
                start = end
                break
        else:
            return [unk]
    return pieces
