# Right: NumPy's scalar is a float.
import numpy as np


def linear_schedule(step, total_steps, warmup_steps, peak) -> float:
    up = np.divide(step, warmup_steps) if warmup_steps else 1.0
    down = np.divide(total_steps - step, total_steps - warmup_steps)
    return np.float64(peak) * np.clip(down, 0.0, up) if step >= warmup_steps else peak * up
