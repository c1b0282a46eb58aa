# Wrong: strips the word
# Says: White space is the pre-tokenizer's work
def wordpiece(word, vocab, unk="[UNK]", max_chars=100):
    word = word.strip()
    if len(word) > max_chars:
        return [unk]
    pieces, start = [], 0
    while start < len(word):
        prefix = "##" if start else ""
        for end in range(len(word), start, -1):
            if prefix + word[start:end] in vocab:
                pieces.append(prefix + word[start:end])
                start = end
                break
        else:
            return [unk]
    return pieces
