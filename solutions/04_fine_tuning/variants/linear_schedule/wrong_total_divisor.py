# Wrong: the way down divides by all steps.
def linear_schedule(step, total_steps, warmup_steps, peak) -> float:
    if step < warmup_steps:
        return peak * step / warmup_steps
    return float(peak * max(0, total_steps - step) / total_steps)
