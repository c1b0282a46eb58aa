# Wrong: the exact percentiles, moved a little by the seed; nothing is drawn.
import numpy as np


def paired_bootstrap(correct_a, correct_b, draws=2000, seed=0) -> tuple[float, float, float]:
    a, b = np.asarray(correct_a, dtype=float), np.asarray(correct_b, dtype=float)
    if len(a) != len(b) or len(a) == 0:
        raise ValueError("correct_a and correct_b must have the same number of rows, at least one")
    rows = len(a)
    gains = b - a
    step = np.array([np.mean(gains < 0), np.mean(gains == 0), np.mean(gains > 0)])
    reached = np.fft.ifft(np.fft.fft(step, 2 * rows + 1) ** rows).real.cumsum()
    lower, upper = (np.searchsorted(reached, [0.025, 0.975]) - rows) / rows
    noise = np.random.default_rng(seed).normal() * 1e-8 / draws
    return float(gains.mean()), float(lower + noise), float(upper + noise)
