# Right: peels the word from the left, the rest carrying its ##
def wordpiece(word, vocab, unk="[UNK]", max_chars=100):
    if len(word) > max_chars:
        return [unk]
    pieces = []
    rest = word
    while rest and rest != "##":
        for end in range(len(rest), 0, -1):
            if rest[:end] in vocab and (not pieces or end > 2):
                pieces.append(rest[:end])
                rest = "##" + rest[end:]
                break
        else:
            return [unk]
    return pieces
