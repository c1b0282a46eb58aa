"""The figures of lesson 8: each has an alternative text with the contents of the picture."""

import pandas as pd
import pytest

from helpers.plots import language_models as plots


@pytest.fixture
def shown(monkeypatch):
    """Collect the alternative texts instead of displaying figures."""
    import matplotlib.pyplot as plt

    texts = []

    def collect(figure, alt):
        figure.canvas.draw()
        plt.close(figure)
        texts.append(alt)

    monkeypatch.setattr(plots, "show", collect)
    return texts


def test_spread_tells_the_mean_and_the_range_of_the_tries(shown):
    tries = pd.DataFrame([[0.2, 0.4], [0.5, None]], index=["plain", "calibrated"])
    plots.plot_spread(tries, "macro-F1", reference=0.1)
    assert "plain 0.30 (0.20 to 0.40); calibrated 0.50 (0.50 to 0.50)" in shown[0]


def test_frontier_tells_each_method_s_mean_at_each_number_of_labels(shown):
    rows = [("frozen", 8, 0.2), ("frozen", 8, 0.4), ("frozen", 16000, 0.6), ("asked", 0, 0.1)]
    plots.plot_frontier(pd.DataFrame(rows, columns=["method", "labels", "macro_f1"]), 0.09)
    assert "frozen: 8 labels 0.30, 16,000 labels 0.60; asked: 0 labels 0.10" in shown[0]


def test_costs_tell_score_and_seconds_of_each_method(shown):
    costs = {"macro_f1": [0.5, 0.3], "seconds": [2.0, 1234.0], "best": [True, False]}
    plots.plot_costs(pd.DataFrame(costs, index=["frozen", "asked"]))
    assert "frozen 0.50 in 2 s; asked 0.30 in 1.23e+03 s" in shown[0]
