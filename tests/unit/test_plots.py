"""Figures contain their alternative text, and a class keeps its colour."""

import base64
import io

import matplotlib.pyplot as plt
import pytest
from PIL import Image

from helpers import plots
from helpers.plots import COLORS, class_colors, show


@pytest.fixture
def shown(monkeypatch):
    """Collect what is displayed instead of displaying it."""
    collected = []
    monkeypatch.setattr(
        "IPython.display.display",
        lambda data, metadata=None, raw=True: collected.append((data, metadata)),
    )
    return collected


def a_figure():
    figure, axes = plt.subplots(figsize=(2, 1))
    axes.plot([0, 1], [0, 1], color="#D55E00")
    return figure


def test_alternative_text_is_in_the_page_and_in_the_metadata(shown):
    show(a_figure(), 'A line that rises; "steeply" & <far>.')
    ((data, metadata),) = shown
    escaped = "A line that rises; &quot;steeply&quot; &amp; &lt;far&gt;."
    assert data["text/html"].startswith(f'<img alt="{escaped}" src="data:image/png;base64,')
    assert metadata["image/png"]["alt"] == 'A line that rises; "steeply" & <far>.'


def test_figure_without_alternative_text_is_refused():
    with pytest.raises(ValueError, match="alt is empty"):
        show(a_figure(), " ")
    plt.close("all")


def test_figure_is_closed_once_shown(shown):
    show(a_figure(), "A line that rises.")
    assert plt.get_fignums() == []


def test_during_grading_a_figure_is_described_and_not_drawn(shown, monkeypatch):
    monkeypatch.setenv("COURSE_FIGURES", "described")
    monkeypatch.setattr(plots, "_png", lambda figure: pytest.fail("it was drawn"))
    show(a_figure(), "A line that rises.")
    assert shown == [({"text/plain": "[figure: A line that rises.]"}, None)]
    assert plt.get_fignums() == []


def test_same_figure_is_the_same_bytes(shown):
    show(a_figure(), "A line that rises.")
    show(a_figure(), "A line that rises.")
    assert shown[0] == shown[1]


def test_colours_survive_the_small_palette(shown):
    show(a_figure(), "A line that rises.")
    png = base64.b64decode(shown[0][0]["image/png"])
    colours = {c for _, c in Image.open(io.BytesIO(png)).convert("RGB").getcolors(10_000)}
    wanted = (0xD5, 0x5E, 0x00)
    assert min(max(abs(a - b) for a, b in zip(c, wanted, strict=True)) for c in colours) <= 8


def test_class_keeps_its_colour_beside_any_other_class():
    assert class_colors(["joy", "fear"]) == [COLORS["joy"], COLORS["fear"]]
    assert class_colors(["fear", "joy"])[1] == COLORS["joy"]
    assert len(set(class_colors(["neg", "pos"]))) == 2


def test_importing_plots_draws_nothing():
    assert not hasattr(plots, "plt")
