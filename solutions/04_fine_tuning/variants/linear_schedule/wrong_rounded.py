# Wrong: rounds, so that small rates are lost.
def linear_schedule(step, total_steps, warmup_steps, peak) -> float:
    if step >= total_steps:
        return 0.0
    if step < warmup_steps:
        return peak * step / warmup_steps
    return round(peak * (total_steps - step) / (total_steps - warmup_steps), 6)
