"""Figures of lesson 8."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpers.plots import NEUTRAL, SPARE, show

if TYPE_CHECKING:
    import pandas as pd

MARKS = "osD^vPX*"


def plot_spread(scores: pd.DataFrame, label: str, reference: float | None = None) -> None:
    """Show several scores of each way as dots, with a line at their mean.

    Parameters
    ----------
    scores : DataFrame
        One row per way, from top to bottom; one column per try (a wording, an order, a seed).
        Missing tries are NaN.
    label : str
        What is scored and on which rows, for the axis.
    reference : float, optional
        Drawn as a dashed line: the score of a trivial classifier.
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7.5, 1 + 0.4 * len(scores)), layout="constrained")
    means = scores.mean(axis=1)
    for place, (name, tries) in enumerate(scores.iterrows()):
        axes.plot(tries, [place] * len(tries), "o", color=SPARE[5], alpha=0.8, markersize=6)
        axes.plot(means[name], place, "|", color=SPARE[0], markersize=18, markeredgewidth=2)
    if reference is not None:
        axes.axvline(reference, color=NEUTRAL, linestyle="--", linewidth=1)
    axes.set_yticks(range(len(scores)), list(scores.index))
    axes.invert_yaxis()
    axes.margins(y=0.15)
    axes.set_xlabel(label)
    axes.grid(axis="x", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    described = "; ".join(
        f"{name} {means[name]:.2f} ({tries.min():.2f} to {tries.max():.2f})"
        for name, tries in scores.iterrows()
    )
    show(figure, f"Dots of {label}, one per try, with a line at each mean. {described}.")


def plot_frontier(scores: pd.DataFrame, reference: float) -> None:
    """Show what labels buy: a score against the number of labels, one line per method.

    Parameters
    ----------
    scores : DataFrame
        One row per trained or asked model: `method`, `labels` (how many in all, 0 or more), and
        `macro_f1`. Several rows of the same method and number differ by their seed.
    reference : float
        The score of always answering with the most frequent class, drawn as a dashed line.
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7.5, 4.2), layout="constrained")
    amounts = sorted(scores["labels"].unique())
    places = {amount: place for place, amount in enumerate(amounts)}
    described = []
    for index, (method, rows) in enumerate(scores.groupby("method", sort=False)):
        colour, mark = SPARE[index % len(SPARE)], MARKS[index % len(MARKS)]
        across = rows["labels"].map(places) + 0.06 * (index - 2)  # or the dots hide each other
        axes.plot(across, rows["macro_f1"], mark, color=colour, alpha=0.5, markersize=5)
        means = rows.groupby("labels")["macro_f1"].mean()
        line = [places[amount] + 0.06 * (index - 2) for amount in means.index]
        axes.plot(line, means, marker=mark, color=colour, label=method)
        said = ", ".join(f"{amount:,} labels {mean:.2f}" for amount, mean in means.items())
        described.append(f"{method}: {said}")
    axes.axhline(reference, color=NEUTRAL, linestyle="--", linewidth=1)
    axes.set_xticks(range(len(amounts)), [f"{amount:,}" for amount in amounts])
    axes.set(xlabel="labelled messages in all", ylabel="macro-F1 on test", ylim=(0, 1))
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="upper left", fontsize="small")
    show(figure, f"Lines of macro-F1 against the number of labels. {'; '.join(described)}.")


def plot_costs(costs: pd.DataFrame) -> None:
    """Show a score against the seconds that a thousand messages take, one dot per method.

    Parameters
    ----------
    costs : DataFrame
        Index: the method; `macro_f1`, `seconds` (per thousand messages), and `best` (whether no
        other method is at least as good in both and better in one).
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7.5, 3.2), layout="constrained")
    for best, rows in costs.groupby("best"):
        colour, name = (SPARE[0], "beaten by none") if best else (NEUTRAL, "beaten by another")
        axes.plot(rows["seconds"], rows["macro_f1"], "o" if best else "x", color=colour, label=name)
    for name, row in costs.iterrows():
        where = (row["seconds"], row["macro_f1"])
        axes.annotate(f" {name}", where, fontsize="small", va="center")
    axes.set_xscale("log")
    axes.margins(x=0.3)
    axes.set(xlabel="seconds per thousand messages (log scale)", ylabel="macro-F1 on test")
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right")
    described = "; ".join(
        f"{name} {row['macro_f1']:.2f} in {row['seconds']:.3g} s" for name, row in costs.iterrows()
    )
    show(figure, f"Dots of macro-F1 against seconds per thousand messages. {described}.")
