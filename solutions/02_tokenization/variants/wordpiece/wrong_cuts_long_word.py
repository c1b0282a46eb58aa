# Wrong: cuts a long word to max_chars
def wordpiece(word, vocab, unk="[UNK]", max_chars=100):
    word = word[:max_chars]
    pieces, start = [], 0
    while start < len(word):
        end = len(word)
        while end > start:
            piece = ("##" if start > 0 else "") + word[start:end]
            if piece in vocab:
                break
            end -= 1
        else:
            return [unk]
        pieces.append(piece)
        start = end
    return pieces
