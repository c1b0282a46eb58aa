# Wrong: other names of the arguments.
def linear_schedule(step, total, warmup, peak) -> float:
    if step >= total:
        return 0.0
    if step < warmup:
        return peak * step / warmup
    return peak * (total - step) / (total - warmup)
