# Wrong: returns a share of the peak.
def linear_schedule(step, total_steps, warmup_steps, peak) -> float:
    if step < warmup_steps:
        return step / warmup_steps
    return max(0, total_steps - step) / (total_steps - warmup_steps)
