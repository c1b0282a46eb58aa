# Wrong: an int past the end.
def linear_schedule(step, total_steps, warmup_steps, peak) -> float:
    if step >= total_steps:
        return 0
    if step < warmup_steps:
        return peak * step / warmup_steps
    return peak * (total_steps - step) / (total_steps - warmup_steps)
