# Wrong: counts each length once when it sorts
def padding_waste(lengths, batch_size, sort=False):
    if sort:
        lengths = sorted(set(lengths))
    positions = padded = 0
    for start in range(0, len(lengths), batch_size):
        batch = lengths[start : start + batch_size]
        positions += max(batch) * len(batch)
        padded += sum(max(batch) - length for length in batch)
    return padded / positions
