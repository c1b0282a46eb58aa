# Wrong: without warm-up it starts at 0.
def linear_schedule(step, total_steps, warmup_steps, peak) -> float:
    if step <= warmup_steps:
        return peak * step / max(1, warmup_steps)
    return float(peak * max(0, total_steps - step) / (total_steps - warmup_steps))
