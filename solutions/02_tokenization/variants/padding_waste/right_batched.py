# Right: itertools.batched style, one share of real tokens
from itertools import islice


def padding_waste(lengths, batch_size, sort=False):
    rest = iter(sorted(lengths) if sort else lengths)
    positions, real = 0, 0
    while batch := list(islice(rest, batch_size)):
        positions += len(batch) * max(batch)
        real += sum(batch)
    return 1.0 - real / positions
