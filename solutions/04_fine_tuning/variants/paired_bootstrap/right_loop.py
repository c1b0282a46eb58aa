# Right: a loop over draws, both accuracies on the drawn rows.
import numpy as np


def paired_bootstrap(correct_a, correct_b, draws=2000, seed=0) -> tuple[float, float, float]:
    a, b = list(correct_a), list(correct_b)
    if len(a) != len(b):
        raise ValueError(f"lengths differ: {len(a)} and {len(b)}")
    if not a:
        raise ValueError("there are no rows to compare")
    a, b = np.array(a, dtype=bool), np.array(b, dtype=bool)
    rng = np.random.default_rng(seed)
    differences = []
    for _ in range(draws):
        rows = rng.integers(0, len(a), len(a))
        differences.append(np.mean(b[rows]) - np.mean(a[rows]))
    return (
        np.mean(b) - np.mean(a),
        np.quantile(differences, 0.025),
        np.quantile(differences, 0.975),
    )
