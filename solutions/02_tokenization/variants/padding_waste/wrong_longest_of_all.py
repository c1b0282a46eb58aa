# Wrong: pads every batch to the longest of all messages
def padding_waste(lengths, batch_size, sort=False):
    if sort:
        lengths = sorted(lengths)
    positions = padded = 0
    for start in range(0, len(lengths), batch_size):
        batch = lengths[start : start + batch_size]
        positions += max(lengths) * len(batch)
        padded += sum(max(lengths) - length for length in batch)
    return padded / positions
