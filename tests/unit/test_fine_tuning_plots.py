"""The figures of lesson 4: each has an alternative text with the contents of the picture."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from helpers.plots import fine_tuning as plots


@pytest.fixture
def shown(monkeypatch):
    """Collect figures and their alternative texts instead of displaying them."""
    collected = []

    def collect(figure, alt):
        figure.canvas.draw()
        collected.append((figure, alt))

    monkeypatch.setattr(plots, "show", collect)
    yield collected
    plt.close("all")


def ticks(axes):
    return [label.get_text() for label in axes.get_yticklabels()]


def test_legend_of_the_schedules_is_beside_the_curves(shown):
    plots.plot_schedules({"linear": [0.0, 1e-4, 0.0], "cosine": [0.0, 2e-4, 0.0]})
    ((figure, alt),) = shown
    (axes,) = figure.axes
    legend = axes.get_legend().get_window_extent()
    assert legend.x0 >= axes.get_window_extent().x1
    assert "schedules linear, cosine" in alt


def test_recalls_begin_with_the_rarest_class_and_count_its_messages(shown):
    recalls = pd.DataFrame({"plain": [0.9, 0.1], "weighted": [0.8, 0.5]}, index=["joy", "love"])
    plots.plot_recalls(recalls, [5360, 1312])
    ((figure, alt),) = shown
    assert ticks(figure.axes[0]) == ["love (1,312)", "joy (5,360)"]
    assert figure.axes[0].yaxis_inverted()  # the first row is on top
    assert "from plain to weighted" in alt
    assert "love (1,312) 0.10 to 0.50; joy (5,360) 0.90 to 0.80" in alt


def search():
    return pd.DataFrame(
        {
            "name": [f"draw {number}" for number in range(1, 8)],
            "f1": [0.1, 0.7, 0.3, 0.6, 0.2, 0.5, 0.4],
            "learning_rate": [1e-4, 2e-4, 3e-4, 4e-4, 5e-4, 6e-4, 7e-4],
            "epochs": [1, 2, 3, 1, 2, 3, 1],
        }
    )


def test_search_tells_the_best_draws_with_their_settings(shown):
    plots.plot_search(search(), {"learning_rate": "rate", "epochs": "epochs"}, best=2)
    ((figure, alt),) = shown
    rate, epochs = figure.axes
    assert rate.get_xscale() == "log"
    assert [label.get_text() for label in epochs.get_xticklabels()] == ["1", "2", "3"]
    assert "7 draws against each setting, from 0.10 to 0.70" in alt
    assert "draw 2 0.70 (rate 0.0002, epochs 2); draw 4 0.60 (rate 0.0004, epochs 1)." in alt


def test_trials_put_the_best_mean_on_top_with_its_seconds(shown):
    trials = pd.DataFrame(
        {"name": ["a", "b", "b"], "f1": [0.5, 0.6, 0.8], "seconds": [20.0, 10.0, 11.0]}
    )
    plots.plot_trials(trials)
    ((figure, alt),) = shown
    assert ticks(figure.axes[0]) == ["a (20 s)", "b (10 s)"]  # from the bottom
    assert "a 0.50; b 0.60, 0.80" in alt


def test_trials_tell_what_a_recipe_had_in_the_search(shown):
    trials = pd.DataFrame({"name": ["a", "b"], "f1": [0.5, 0.6], "seconds": [20.0, 10.0]})
    plots.plot_trials(trials, searched={"b": 0.7})
    assert "a 0.50; b 0.60 (in the search 0.70)" in shown[0][1]


@pytest.mark.parametrize("planned", [3, 8])
def test_early_stopping_tells_the_best_epoch_and_how_many_were_left(shown, planned):
    epochs = pd.DataFrame(
        {
            "training_loss": [1.5, 1.0, 0.5],
            "validation_loss": [1.4, 1.1, 1.2],
            "f1": [0.2, 0.6, 0.5],
        },
        index=[1, 2, 3],
    )
    plots.plot_early_stopping(epochs, planned)
    assert f"Best after epoch 2; 3 of {planned} epochs trained" in shown[0][1]
    assert "validation (1.40, 1.10, 1.20)" in shown[0][1]


def test_amounts_tell_the_mean_of_each_way_at_each_size(shown):
    runs = pd.DataFrame(
        {
            "name": ["head", "head", "all", "all"],
            "labels": [64, 64, 64, 1024],
            "f1": [0.1, 0.3, 0.25, 0.75],
        }
    )
    plots.plot_amounts(runs)
    ((figure, alt),) = shown
    assert "head: 0.20 with 64; all: 0.25 with 64, 0.75 with 1,024" in alt
    assert figure.axes[0].get_xscale() == "log"


def test_dots_of_two_ways_lie_side_by_side(shown):
    runs = pd.DataFrame({"name": ["head", "all"], "labels": [64, 64], "f1": [0.5, 0.5]})
    plots.plot_amounts(runs)
    places = {float(x) for line in shown[0][0].axes[0].lines for x in line.get_xdata()}
    assert len(places) == 2
