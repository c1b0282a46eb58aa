# Wrong: counts batch_size messages in the last batch
def padding_waste(lengths, batch_size, sort=False):
    if sort:
        lengths = sorted(lengths)
    positions = padded = 0
    for start in range(0, len(lengths), batch_size):
        batch = lengths[start : start + batch_size]
        positions += max(batch) * batch_size
        padded += max(batch) * batch_size - sum(batch)
    return padded / positions
