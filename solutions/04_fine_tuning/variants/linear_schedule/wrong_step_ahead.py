# Wrong: one step ahead during warm-up.
def linear_schedule(step, total_steps, warmup_steps, peak) -> float:
    if step < warmup_steps:
        return peak * (step + 1) / (warmup_steps + 1)
    return float(peak * max(0, total_steps - step) / (total_steps - warmup_steps))
