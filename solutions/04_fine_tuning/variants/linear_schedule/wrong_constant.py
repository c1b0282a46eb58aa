# Wrong: stays at the peak.
def linear_schedule(step, total_steps, warmup_steps, peak) -> float:
    if step < warmup_steps:
        return peak * step / warmup_steps
    return peak if step < total_steps else 0.0
