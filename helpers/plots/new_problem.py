"""Figures of lesson 7."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from helpers.plots import NEUTRAL, SPARE, show

if TYPE_CHECKING:
    import pandas as pd


def plot_token_counts(counts: Mapping[str, Sequence[int]], limit: int) -> None:
    """Show the share of texts that have at most a number of tokens, one line per dataset.

    Parameters
    ----------
    counts : mapping of str to sequence of int
        Tokens of each text, by the name of the dataset.
    limit : int
        Number of tokens at which texts are cut, drawn as a line.
    """
    import matplotlib.pyplot as plt
    import numpy as np

    figure, axes = plt.subplots(figsize=(7, 2.9), layout="constrained")
    described = []
    for (name, values), colour, style in zip(
        counts.items(), SPARE, ("-", "--", ":", "-."), strict=False
    ):
        ordered = np.sort(values)
        shares = 100 * np.arange(1, len(ordered) + 1) / len(ordered)
        axes.plot(ordered, shares, style, color=colour, label=name)
        whole = 100 * float(np.mean(ordered <= limit))
        described.append(f"{name}: {whole:.1f} % have at most {limit} tokens")
    axes.axvline(limit, color="black", linestyle=(0, (4, 3)), linewidth=1)
    axes.annotate(f" cut at {limit}", (limit, 45))
    axes.set_xscale("log")
    ticks = [5, 10, 20, 50, 100, 200, 500, 1000]
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.minorticks_off()
    axes.set(xlabel="tokens (log scale)", ylabel="texts with at\nmost so many (%)", ylim=(0, 102))
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="upper left")
    show(figure, f"Lines of the share of texts up to a number of tokens. {'; '.join(described)}.")


def plot_intervals(
    scores: Mapping[str, tuple[float, float, float]], label: str, reference: float | None = None
) -> None:
    """Show one score with its interval for each way of classifying.

    Parameters
    ----------
    scores : mapping of str to (value, lower, upper)
        From top to bottom.
    label : str
        What is scored and on which rows, for the axis.
    reference : float, optional
        Drawn as a dashed line: the score of a trivial classifier, or a gain of 0.
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7.5, 1 + 0.36 * len(scores)), layout="constrained")
    for place, (value, lower, upper) in enumerate(scores.values()):
        axes.errorbar(
            value,
            place,
            xerr=[[value - lower], [upper - value]],
            fmt="o",
            color=SPARE[0],
            capsize=4,
        )
    if reference is not None:
        axes.axvline(reference, color=NEUTRAL, linestyle="--", linewidth=1)
    axes.set_yticks(range(len(scores)), list(scores))
    axes.invert_yaxis()
    axes.margins(y=0.15)
    axes.set_xlabel(f"{label}, with 95 % interval")
    axes.grid(axis="x", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    described = "; ".join(
        f"{name} {value:.3f} ({lower:.3f} to {upper:.3f})"
        for name, (value, lower, upper) in scores.items()
    )
    show(figure, f"Dots of {label} with intervals. {described}.")


def plot_ends(table: pd.DataFrame) -> None:
    """Show how good a classifier is that reads only the first or only the last words of a text.

    Parameters
    ----------
    table : DataFrame
        Index: how many words; columns: which of them are read; values: accuracy.
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 2.9), layout="constrained")
    for place, column in enumerate(table):
        axes.plot(
            table.index,
            table[column],
            "osD"[place % 3],
            linestyle="-",
            color=SPARE[place % 3],
            label=column,
        )
    axes.set_xscale("log")
    axes.set_xticks(list(table.index), [str(words) for words in table.index])
    axes.minorticks_off()
    axes.set(xlabel="words read (log scale)", ylabel="accuracy (share)")
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    described = "; ".join(
        f"{column}: from {table[column].iloc[0]:.2f} with {table.index[0]} words to "
        f"{table[column].iloc[-1]:.2f} with {table.index[-1]}"
        for column in table
    )
    show(figure, f"Lines of accuracy against the number of words read. {described}.")


def plot_few_shots(scores: pd.DataFrame) -> None:
    """Show a score against the examples per class: a dot per draw, a line through the means.

    Parameters
    ----------
    scores : DataFrame
        Index: examples per class, at most; one column per draw.
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 2.9), layout="constrained")
    places = range(len(scores))
    for column in scores:
        axes.plot(places, scores[column], "o", color=SPARE[5], alpha=0.7, markersize=5)
    means = scores.mean(axis=1)
    axes.plot(places, means, "-", color=SPARE[0], linewidth=2, label="mean of the draws")
    axes.set_xticks(places, [str(count) for count in scores.index])
    axes.set(xlabel="examples per class, at most", ylabel="macro-F1 on validation", ylim=(0, 1))
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right")
    described = ", ".join(
        f"{count}: {mean:.2f} ({scores.loc[count].min():.2f} to {scores.loc[count].max():.2f})"
        for count, mean in means.items()
    )
    show(figure, f"Macro-F1 against examples per class; mean (and range) of draws: {described}.")


def plot_rows_needed(table: pd.DataFrame) -> None:
    """Show the scores of two ways of learning, from few rows to many, one line per way.

    Parameters
    ----------
    table : DataFrame
        Index: training rows; one column per way; values: macro-F1.
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 2.9), layout="constrained")
    for place, column in enumerate(table):
        colour = SPARE[(0, 4)[place % 2]]
        axes.plot(
            table.index, table[column], "os"[place % 2], linestyle="-", color=colour, label=column
        )
    axes.set_xscale("log")
    axes.set_xticks(list(table.index), [f"{rows:,}" for rows in table.index])
    axes.minorticks_off()
    axes.set(xlabel="training rows (log scale)", ylabel="macro-F1 on validation")
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    described = "; ".join(
        f"{column}: " + ", ".join(f"{value:.2f} with {rows}" for rows, value in values.items())
        for column, values in table.items()
    )
    show(figure, f"Lines of macro-F1 against the number of training rows. {described}.")


def plot_labels_paid(found: Mapping[str, pd.DataFrame], total: int) -> None:
    """Show how many rows of a rare class were found, one panel per way of choosing what to label.

    Parameters
    ----------
    found : mapping of str to DataFrame
        By way of choosing; index: labels paid for; one column per repetition. The mean of the
        first is repeated in the other panels, to compare with.
    total : int
        How many rows of the class there are.
    """
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(
        1, len(found), figsize=(8, 3), sharex=True, sharey=True, layout="constrained", squeeze=False
    )
    first, *_ = found
    reference = found[first].mean(axis=1)
    described = []
    for place, (axes, (name, runs)) in enumerate(zip(panels[0], found.items(), strict=True)):
        colour = SPARE[(1, 0, 2)[place % 3]]
        axes.plot(runs.index, runs, color=colour, alpha=0.45, linewidth=1)
        if name != first:
            axes.plot(reference.index, reference, "--", color="black", linewidth=1.5, label=first)
        means = runs.mean(axis=1)
        axes.plot(means.index, means, color=colour, linewidth=3, label="mean")
        axes.set_title(name, fontsize=10)
        axes.set_xticks(range(0, int(runs.index.max()) + 1, 100))
        axes.set_ylim(-0.3, total + 0.3)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        shown = "; ".join(
            f"{means[count]:.1f} ({runs.loc[count].min()} to {runs.loc[count].max()}) with {count}"
            for count in runs.index
            if count % 50 == 0
        )
        described.append(f"{name}: {shown}")
    panels[0][0].set_ylabel(f"found, of {total}")
    if len(found) > 1:
        panels[0][-1].legend(frameon=False, loc="lower right")
    figure.supxlabel("labels paid for", fontsize=10)
    show(
        figure,
        f"Lines of how many of {total} were found against the labels paid for; "
        f"mean (and range) of {found[first].shape[1]} repetitions. {'. '.join(described)}.",
    )
