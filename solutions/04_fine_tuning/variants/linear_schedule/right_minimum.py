# Right: the lower of two lines.
def linear_schedule(step, total_steps, warmup_steps, peak) -> float:
    rise = step / warmup_steps if warmup_steps else 1.0
    fall = (total_steps - step) / (total_steps - warmup_steps)
    return float(peak * max(0.0, min(rise, fall)))
