# Wrong: no peak above 1.
def linear_schedule(step, total_steps, warmup_steps, peak):
    peak = min(peak, 1.0)
    if step < warmup_steps:
        return float(peak * step / warmup_steps)
    return float(peak * max(0, total_steps - step) / (total_steps - warmup_steps))
