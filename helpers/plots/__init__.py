"""Figures of the lessons: one palette, labelled axes, alternative text.

What every lesson uses stands here; the figures of a lesson stand in the module of its topic.
"""

from __future__ import annotations

import html
import io
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito's palette (https://jfly.uni-koeln.de/color/), told apart with any colour vision.
# A class keeps its colour through the course.
COLORS = {
    "sadness": "#0072B2",
    "joy": "#E69F00",
    "love": "#CC79A7",
    "anger": "#D55E00",
    "fear": "#009E73",
    "surprise": "#56B4E9",
    "optimism": "#F0E442",
}
NEUTRAL = "#767676"
SPARE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#F0E442", "#000000")


def class_colors(names: Sequence[str]) -> list[str]:
    """Return one colour a class name: the course's own where it has one, else a spare one."""
    return [COLORS.get(name, SPARE[index % len(SPARE)]) for index, name in enumerate(names)]


def show(figure: Figure, alt: str) -> None:
    """Show a figure with alternative text, and close it.

    The text travels in the image's HTML, which is what JupyterLab, VS Code and nbconvert show and
    what a screen reader reads; the bare PNG beside it is for viewers without HTML. Where the
    variable COURSE_FIGURES is "described", as it is when a class is graded, the text is all there
    is: to draw the lesson's figures again for each student takes longer than its other cells.

    Parameters
    ----------
    figure : Figure
    alt : str
        What the figure shows, for a reader who does not see it.

    Raises
    ------
    ValueError
        If `alt` is empty.
    """
    import base64

    import matplotlib.pyplot as plt
    from IPython.display import display

    if not alt.strip():
        raise ValueError("alt is empty: say in a sentence what the figure shows")
    if os.environ.get("COURSE_FIGURES") == "described":
        plt.close(figure)
        display({"text/plain": f"[figure: {alt}]"}, raw=True)
        return
    image = base64.b64encode(_png(figure)).decode("ascii")
    plt.close(figure)
    text = html.escape(alt, quote=True)
    display(
        {
            "image/png": image,
            "text/html": f'<img alt="{text}" src="data:image/png;base64,{image}">',
            "text/plain": f"[figure: {alt}]",
        },
        metadata={"image/png": {"alt": alt}},
        raw=True,
    )


def _png(figure: Figure) -> bytes:
    """Return a figure as a PNG of 256 colours, a quarter of the size of one of millions.

    No date or software version is written, so the same figure is the same bytes.
    """
    from PIL import Image

    full, small = io.BytesIO(), io.BytesIO()
    figure.savefig(full, format="png", dpi=96, bbox_inches="tight")
    # Of Pillow's methods the octree alone keeps both ends of a colour scale true.
    octree, plain = Image.Quantize.FASTOCTREE, Image.Dither.NONE
    image = Image.open(full).convert("RGB").quantize(256, method=octree, dither=plain)
    image.save(small, format="png", optimize=True)
    return small.getvalue()
