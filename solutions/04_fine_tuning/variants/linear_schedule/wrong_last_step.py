# Wrong: reaches zero one step early.
def linear_schedule(step, total_steps, warmup_steps, peak) -> float:
    if step < warmup_steps:
        return peak * step / warmup_steps
    return float(peak * max(0, total_steps - 1 - step) / max(1, total_steps - 1 - warmup_steps))
