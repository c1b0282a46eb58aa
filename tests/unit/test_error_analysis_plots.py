"""The figures of lesson 5 say in words what they show, for all kinds of data."""

import numpy as np
import pandas as pd
import pytest

from helpers.plots import error_analysis as plots


@pytest.fixture
def alt(monkeypatch):
    """Draw without displaying, and return a function that returns the last alternative text."""
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, metadata, raw: shown.append(data))
    return lambda: shown[-1]["text/plain"]


def test_attribution_names_each_word_with_its_sign(alt):
    plots.plot_attribution(["not", "glad", "$5"], [-2.0, 1.5, 0.0], "for joy")
    assert "for joy: not -2.00, glad +1.50, $5 +0.00" in alt()


def test_attribution_of_a_long_message_takes_several_lines():
    places, lines = plots._lines_of_words(["wonderful"] * 30)
    assert lines > 1
    assert {line for _, line in places} == set(range(lines))
    assert all(x < 100 for x, _ in places)


def test_attribution_without_any_contribution_is_drawn(alt):
    plots.plot_attribution(["so"], [0.0], "for joy")
    assert "so +0.00" in alt()


def test_rates_leave_a_row_without_cases_empty(alt):
    counts = pd.DataFrame({"rows": [10, 0], "right": [9, 0]}, index=["all", "none"])
    plots.plot_rates(counts, "right", "accuracy", reference="all")
    assert "all 0.900 [0.596, 0.982]; none has no rows" in alt()


def test_audit_without_a_key_counts_suspects(alt):
    plots.plot_audit(pd.DataFrame({"suspects": [12, 3]}, index=["one way", "another"]))
    assert "one way 12; another 3" in alt()


def test_audit_with_a_key_gives_precision_and_recall(alt):
    audit = pd.DataFrame({"suspects": [4], "precision": [0.75], "recall": [0.5]}, index=["a way"])
    plots.plot_audit(audit)
    assert "a way 0.75 and 0.50" in alt()


def test_reliability_skips_empty_groups(alt):
    confidence = np.array([0.55, 0.95, 0.95])
    plots.plot_reliability({"a model": (confidence, np.array([0, 1, 1]))})
    assert "a model: 0.55 against 0.00, 0.95 against 1.00" in alt()


def test_label_places_without_errors_are_drawn(alt):
    plots.plot_label_places([], [])
    assert "place 2: 0" in alt()


def test_concentration_leaves_out_answers_without_support(alt):
    plots.plot_concentration({"wrong": [0.5, float("nan")], "right": []})
    assert "wrong: median 0.50 of 1; right: no messages" in alt()


def test_evidence_takes_the_kinds_that_occur(alt):
    shares = pd.DataFrame({"its label only": [0.75], "no telling word": [0.25]}, index=["all"])
    plots.plot_evidence(shares)
    assert "all: its label only 75%, no telling word 25%" in alt()
