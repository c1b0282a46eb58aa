"""Figures of the lessons: one palette, labelled axes, alternative text.

What all lessons use is here; the figures of one lesson are in the module named after its topic.
"""

from __future__ import annotations

import html
import io
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito's palette (https://jfly.uni-koeln.de/color/): people with any kind of colour vision
# can tell the colours apart. A class has the same colour in the whole course.
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
    """Return one colour per class name: the course's own if it has one, else a spare one."""
    return [COLORS.get(name, SPARE[index % len(SPARE)]) for index, name in enumerate(names)]


def show(figure: Figure, alt: str) -> None:
    """Show a figure with alternative text, and close it.

    The text is part of the image's HTML, which JupyterLab, VS Code and nbconvert show and screen
    readers read aloud. The plain PNG next to it is for viewers that cannot show HTML. If the
    variable COURSE_FIGURES is "described", only the text is shown. Grading sets it, because drawing
    a lesson's figures again for each student takes longer than all other cells.

    Parameters
    ----------
    figure : Figure
    alt : str
        What the figure shows, for readers who cannot see it.

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
    """Return a figure as a PNG with 256 colours, a quarter of the size of one with millions.

    No date or software version is written, so the same figure always gives the same bytes.
    """
    from PIL import Image

    full, small = io.BytesIO(), io.BytesIO()
    figure.savefig(full, format="png", dpi=96, bbox_inches="tight")
    # Of Pillow's methods, only the octree keeps the colours at both ends of a colour scale.
    octree, plain = Image.Quantize.FASTOCTREE, Image.Dither.NONE
    image = Image.open(full).convert("RGB").quantize(256, method=octree, dither=plain)
    image.save(small, format="png", optimize=True)
    return small.getvalue()
