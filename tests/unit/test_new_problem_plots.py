"""The figures of lesson 7: each has an alternative text with the contents of the picture."""

import pandas as pd
import pytest

from helpers.plots import new_problem as plots


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


def test_token_counts_tell_the_share_below_the_cut(shown):
    plots.plot_token_counts({"posts": [10, 20, 30, 61], "reviews": [100, 200]}, limit=60)
    assert "posts: 75.0 % have at most 60 tokens; reviews: 0.0 %" in shown[0]


def test_intervals_name_every_way_with_its_bounds(shown):
    plots.plot_intervals({"a": (0.5, 0.4, 0.6), "b": (0.1, 0.0, 0.2)}, "score", reference=0.3)
    assert "a 0.500 (0.400 to 0.600); b 0.100 (0.000 to 0.200)" in shown[0]


def test_ends_tell_where_each_line_begins_and_ends(shown):
    plots.plot_ends(pd.DataFrame({"first words": [0.5, 0.75]}, index=[25, 400]))
    assert "first words: from 0.50 with 25 words to 0.75 with 400" in shown[0]


def test_few_shots_tell_the_mean_and_the_range_of_the_draws(shown):
    plots.plot_few_shots(pd.DataFrame([[0.2, 0.4], [0.5, 0.7]], index=[1, 2]))
    assert "1: 0.30 (0.20 to 0.40), 2: 0.60 (0.50 to 0.70)" in shown[0]


def test_rows_needed_tell_every_point(shown):
    plots.plot_rows_needed(pd.DataFrame({"frozen": [0.5, 0.75]}, index=[355, 3257]))
    assert "frozen: 0.50 with 355, 0.75 with 3257" in shown[0]


def test_labels_paid_tell_the_mean_and_the_range_of_each_way(shown):
    runs = pd.DataFrame([[0, 1], [2, 3]], index=[20, 50])
    plots.plot_labels_paid({"at random": runs, "least sure": runs + 1}, total=13)
    assert "of 13 were found" in shown[0]
    assert "2 repetitions. at random: 2.5 (2 to 3) with 50. least sure: 3.5 (3 to 4)" in shown[0]
