# Right: NumPy's float, from a padded array
import numpy as np


def padding_waste(lengths, batch_size, sort=False):
    values = np.array(sorted(lengths) if sort else lengths)
    starts = np.arange(0, len(values), batch_size)
    longest = np.maximum.reduceat(values, starts)
    sizes = np.diff([*starts, len(values)])
    return np.float32(1 - values.sum() / (longest * sizes).sum())
