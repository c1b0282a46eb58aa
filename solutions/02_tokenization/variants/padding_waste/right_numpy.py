# Right: numpy's split at multiples of the batch size
import numpy as np


def padding_waste(lengths, batch_size, sort=False):
    ordered = np.sort(lengths) if sort else np.asarray(lengths)
    batches = np.split(ordered, range(batch_size, len(ordered), batch_size))
    positions = sum(len(batch) * batch.max() for batch in batches)
    return float((positions - ordered.sum()) / positions)
