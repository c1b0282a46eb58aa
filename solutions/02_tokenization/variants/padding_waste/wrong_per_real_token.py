# Wrong: divides by the real tokens
def padding_waste(lengths, batch_size, sort=False):
    if sort:
        lengths = sorted(lengths)
    positions = padded = 0
    for start in range(0, len(lengths), batch_size):
        batch = lengths[start : start + batch_size]
        positions += sum(batch)
        padded += sum(max(batch) - length for length in batch)
    return padded / positions
