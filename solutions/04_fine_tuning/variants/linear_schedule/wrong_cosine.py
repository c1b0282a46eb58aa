# Wrong: falls like a cosine.
import math


def linear_schedule(step, total_steps, warmup_steps, peak) -> float:
    if step < warmup_steps:
        return peak * step / warmup_steps
    share = min(1.0, (step - warmup_steps) / (total_steps - warmup_steps))
    return peak * (1 + math.cos(math.pi * share)) / 2
