# Right: zip over starts and ends, math.fsum at the end
import math


def padding_waste(lengths, batch_size, sort=False):
    lengths = list(lengths)
    if sort:
        lengths.sort()
    starts = range(0, len(lengths), batch_size)
    batches = [lengths[a:b] for a, b in zip(starts, [*starts[1:], len(lengths)], strict=True)]
    positions = math.fsum(len(batch) * max(batch) for batch in batches)
    return (positions - math.fsum(lengths)) / positions
