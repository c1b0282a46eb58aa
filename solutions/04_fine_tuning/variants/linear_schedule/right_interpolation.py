# Right: NumPy interpolates between the corners.
import numpy as np


def linear_schedule(step, total_steps, warmup_steps, peak) -> float:
    if warmup_steps == 0:
        return float(np.interp(step, [0, total_steps], [peak, 0.0]))
    return float(np.interp(step, [0, warmup_steps, total_steps], [0.0, peak, 0.0]))
