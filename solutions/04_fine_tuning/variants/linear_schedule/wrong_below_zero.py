# Wrong: falls below zero past the end.
def linear_schedule(step, total_steps, warmup_steps, peak) -> float:
    if step < warmup_steps:
        return peak * step / warmup_steps
    return float(peak * (total_steps - step) / (total_steps - warmup_steps))
