# Right: NumPy numbers of float32, which are floats.
import numpy as np


def linear_schedule(step, total_steps, warmup_steps, peak):
    if step < warmup_steps:
        return np.float32(peak * step / warmup_steps)
    return np.float32(peak * max(0, total_steps - step) / (total_steps - warmup_steps))
