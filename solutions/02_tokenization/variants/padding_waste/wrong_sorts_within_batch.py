# Wrong: sorts inside each batch, which changes nothing
def padding_waste(lengths, batch_size, sort=False):
    positions = padded = 0
    for start in range(0, len(lengths), batch_size):
        batch = lengths[start : start + batch_size]
        if sort:
            batch = sorted(batch)
        positions += max(batch) * len(batch)
        padded += sum(max(batch) - length for length in batch)
    return padded / positions
