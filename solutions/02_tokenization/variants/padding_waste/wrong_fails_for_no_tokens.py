# Wrong: divides by each batch, of which one may hold no token
# Says: For the lengths [0, 2] in batches of 1 the waste: your code stops with ZeroDivisionError
def padding_waste(lengths, batch_size, sort=False):
    if sort:
        lengths = sorted(lengths)
    positions = padded = 0
    for start in range(0, len(lengths), batch_size):
        batch = lengths[start : start + batch_size]
        positions += max(batch) * len(batch)
        padded += sum(max(batch) - length for length in batch)
        _ = padded / (max(batch) * len(batch))
    return padded / positions
