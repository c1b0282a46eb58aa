# Wrong: averages the shares of the batches
def padding_waste(lengths, batch_size, sort=False):
    if sort:
        lengths = sorted(lengths)
    shares = []
    for start in range(0, len(lengths), batch_size):
        batch = lengths[start : start + batch_size]
        shares.append(1 - sum(batch) / (max(batch) * len(batch)))
    return sum(shares) / len(shares)
