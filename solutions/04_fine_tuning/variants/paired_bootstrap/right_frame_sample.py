# Right: a table of two columns, sampled by pandas.
import numpy as np
import pandas as pd


def paired_bootstrap(correct_a, correct_b, draws=2000, seed=0) -> tuple[float, float, float]:
    table = pd.DataFrame({"a": list(correct_a)}).astype(float)
    if len(table) != len(correct_b):
        raise ValueError(f"correct_b has {len(correct_b)} rows instead of {len(table)}")
    if table.empty:
        raise ValueError("no rows")
    table["b"] = np.asarray(correct_b, dtype=float)
    rng = np.random.default_rng(seed)
    means = [table.sample(len(table), replace=True, random_state=rng).mean() for _ in range(draws)]
    drawn = pd.DataFrame(means)
    lower, upper = (drawn["b"] - drawn["a"]).quantile([0.025, 0.975])
    return float(table["b"].mean() - table["a"].mean()), float(lower), float(upper)
