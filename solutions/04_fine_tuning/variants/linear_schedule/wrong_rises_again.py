# Wrong: past the end it takes the absolute value.
def linear_schedule(step, total_steps, warmup_steps, peak) -> float:
    if step < warmup_steps:
        return peak * step / warmup_steps
    return peak * abs(total_steps - step) / (total_steps - warmup_steps)
