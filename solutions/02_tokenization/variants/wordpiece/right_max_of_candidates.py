# Right: lists all pieces that fit and takes the longest
def wordpiece(word, vocab, unk="[UNK]", max_chars=100):
    pieces = []
    position = 0
    if len(word) > max_chars:
        position, pieces = len(word), [unk]
    while position < len(word):
        mark = "##" * bool(position)
        ends = [e for e in range(position + 1, len(word) + 1) if mark + word[position:e] in vocab]
        if not ends:
            pieces = [unk]
            break
        pieces.append(mark + word[position : max(ends)])
        position = max(ends)
    return pieces
