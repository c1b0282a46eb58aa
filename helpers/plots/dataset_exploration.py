"""Figures of lesson 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpers.plots import NEUTRAL, class_colors, show

if TYPE_CHECKING:
    import pandas as pd


def plot_class_bars(panels: dict[str, pd.Series], unit: str) -> None:
    """Show one horizontal bar per class, in one panel per key, all on the same scale.

    Parameters
    ----------
    panels : dict of str to Series
        The title of each panel and its values, indexed by class name.
    unit : str
        What the bars measure, for the axis: ``"messages"``, ``"% of the messages"``.
    """
    import matplotlib.pyplot as plt

    widest = max(values.max() for values in panels.values())
    figure, axes = plt.subplots(
        1, len(panels), figsize=(1.6 + 2.9 * len(panels), 2.8), squeeze=False, layout="constrained"
    )
    for axis, (title, values) in zip(axes[0], panels.items(), strict=True):
        bars = axis.barh(
            values.index, values, color=class_colors(values.index), edgecolor="#333333"
        )
        digits = 0 if widest >= 100 else 1
        axis.bar_label(bars, [f"{value:,.{digits}f}" for value in values], padding=3, fontsize=9)
        axis.set(title=title, xlabel=unit, xlim=(0, 1.3 * widest))
        axis.invert_yaxis()
        axis.spines[["top", "right"]].set_visible(False)
        axis.locator_params(axis="x", nbins=4, integer=True)
        axis.xaxis.set_major_formatter("{x:,.0f}")
    described = "; ".join(
        f"{title}: " + ", ".join(f"{name} {value:,.{digits}f}" for name, value in values.items())
        for title, values in panels.items()
    )
    show(figure, f"Bars of {unit} by class. {described}.")


def plot_words_by_class(frame: pd.DataFrame, context_size: int) -> None:
    """Show a box of words per message for each class, on a log scale, next to a context size.

    The context is drawn as a band, because it counts tokens while the boxes count words, and a word
    is one to two tokens.

    Parameters
    ----------
    frame : DataFrame
        Columns `label_name` and `words`, one row per message.
    context_size : int
        Tokens that the model can read at once.
    """
    import matplotlib.pyplot as plt

    words = {name: rows["words"].clip(lower=1) for name, rows in frame.groupby("label_name")}
    names = sorted(words, key=lambda name: words[name].median())
    figure, axis = plt.subplots(figsize=(7, 0.7 + 0.42 * len(names)), layout="constrained")
    boxes = axis.boxplot(
        [words[name] for name in names],
        orientation="horizontal",
        tick_labels=names,
        widths=0.6,
        patch_artist=True,
        medianprops={"color": "black", "linewidth": 2},
        flierprops={"marker": ".", "markersize": 3, "markeredgecolor": NEUTRAL},
    )
    for box, colour in zip(boxes["boxes"], class_colors(names), strict=True):
        box.set_facecolor(colour)
    fewest = context_size // 2
    axis.axvspan(fewest, context_size, color="#DDDDDD", zorder=0)
    axis.annotate(
        f"context of {context_size} tokens: {fewest} to {context_size} words",
        (context_size, 1.02),
        xycoords=("data", "axes fraction"),
        ha="right",
    )
    ticks = [tick for tick in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if tick < 2 * context_size]
    axis.set_xscale("log")
    axis.set_xticks(ticks, [str(tick) for tick in ticks])
    axis.minorticks_off()
    axis.set_xlabel("words per message (log scale)")
    axis.spines[["top", "right"]].set_visible(False)
    medians = ", ".join(f"{name} {words[name].median():.0f}" for name in names)
    longest = max(values.max() for values in words.values())
    show(
        figure,
        f"Boxes of words per message by class; medians: {medians}. The longest message has "
        f"{longest:.0f} words; a grey band from {fewest} to {context_size} words marks the context "
        f"of {context_size} tokens.",
    )


def plot_recalls(recalls: pd.DataFrame) -> None:
    """Show the recall of each class under several strategies, one row of dots per class.

    Parameters
    ----------
    recalls : DataFrame
        One row per class, one column per strategy, shares between 0 and 1.
    """
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(7, 1 + 0.45 * len(recalls)), layout="constrained")
    rows = range(len(recalls))
    axis.hlines(rows, recalls.min(axis=1), recalls.max(axis=1), color="#DDDDDD", linewidth=3)
    # Shades and shapes instead of the palette, because its colours stand for classes.
    shades = ("black", "white", "#BBBBBB", "#767676")
    for place, (strategy, values) in enumerate(recalls.items()):
        axis.plot(
            values,
            [row + 0.12 * (place - (len(recalls.columns) - 1) / 2) for row in rows],
            "osD^"[place % 4],
            color=shades[place % 4],
            markeredgecolor="black",
            markersize=8,
            label=strategy,
        )
    axis.set_yticks(rows, recalls.index)
    axis.invert_yaxis()
    axis.set(xlabel="recall (share of the class's messages that are found)", xlim=(0, 1.02))
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    described = "; ".join(
        f"{name}: " + ", ".join(f"{strategy} {value:.2f}" for strategy, value in row.items())
        for name, row in recalls.iterrows()
    )
    show(figure, f"Dots of recall by class and strategy. {described}.")
