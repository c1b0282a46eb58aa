"""Figures of lesson 6."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from helpers.plots import NEUTRAL, SPARE, class_colors, show

if TYPE_CHECKING:
    import pandas as pd


def plot_probabilities(answers: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Draw one panel of bars per text: the probability of each class.

    Parameters
    ----------
    answers : dict of str to list of dict
        For each text its ``{"label", "score"}``, best first; the first text determines the order
        of the rows.
    """
    import textwrap

    import matplotlib.pyplot as plt

    names = sorted(entry["label"] for entry in next(iter(answers.values())))
    figure, axes = plt.subplots(
        1, len(answers), figsize=(3.1 * len(answers) + 0.9, 2.9), sharey=True, squeeze=False
    )
    sentences = []
    for axis, (text, entries) in zip(axes[0], answers.items(), strict=True):
        scores = {entry["label"]: 100 * entry["score"] for entry in entries}
        values = [scores[name] for name in names]
        bars = axis.barh(names, values, color=class_colors(names), edgecolor="black", linewidth=0.5)
        axis.bar_label(bars, [f"{value:.0f}" for value in values], padding=3, fontsize=8)
        axis.set(xlim=(0, 118), xticks=range(0, 101, 25), xlabel="probability (%)")
        axis.set_title("\n".join(textwrap.wrap(text, 32)), fontsize=9)
        best = max(scores, key=scores.__getitem__)
        sentences.append(f"'{text}': {best} {scores[best]:.0f} %")
    axes[0, 0].invert_yaxis()
    axes[0, 0].set_ylabel("class")
    figure.tight_layout()
    show(figure, "Bars with the probability of each class. Highest: " + "; ".join(sentences) + ".")


def plot_sizes(table: pd.DataFrame) -> None:
    """Draw the versions of a model: size, times and accuracy side by side.

    Parameters
    ----------
    table : DataFrame
        Index: the version. Columns ``megabytes``, ``ms (one text)``, ``ms per text (batches)`` and
        ``accuracy``.
    """
    import matplotlib.pyplot as plt

    columns = {
        "megabytes": "size on disk (MB)",
        "ms (one text)": "time for one text (ms)",
        "ms per text (batches)": "per text, of many (ms)",
        "accuracy": "accuracy (share)",
    }
    figure, axes = plt.subplots(1, 4, figsize=(10.5, 2.5), sharey=True)
    for axis, (column, label) in zip(axes, columns.items(), strict=True):
        bars = axis.barh(table.index, table[column], color=SPARE[: len(table)], edgecolor="black")
        form = "{:.3f}" if column == "accuracy" else "{:.1f}"
        axis.bar_label(bars, [form.format(value) for value in table[column]], padding=3, fontsize=8)
        axis.set(xlabel=label, xlim=(0, 1.3 * table[column].max()))
    axes[0].set_ylabel("version")
    axes[0].invert_yaxis()
    figure.tight_layout()
    rows = [
        f"{name}: {row['megabytes']:.0f} MB, {row['ms (one text)']:.1f} ms, "
        f"{row['ms per text (batches)']:.1f} ms per text of many, accuracy {row['accuracy']:.3f}"
        for name, row in table.iterrows()
    ]
    show(
        figure, "Bars of size, times and accuracy of each version of the model. " + "; ".join(rows)
    )


def plot_load(table: pd.DataFrame) -> None:
    """Draw what happens to a server as more clients ask at once.

    Parameters
    ----------
    table : DataFrame
        Index ``clients``; columns ``p50 (ms)``, ``p99 (ms)``, ``texts per second`` and ``texts per
        batch``.
    """
    import matplotlib.pyplot as plt

    clients = [str(number) for number in table.index]
    figure, axes = plt.subplots(1, 3, figsize=(9.5, 2.8))
    axes[0].plot(clients, table["p99 (ms)"], "s--", color=SPARE[5], label="slowest 1 %")
    axes[0].plot(clients, table["p50 (ms)"], "o-", color=SPARE[0], label="median")
    axes[0].legend(frameon=False)
    axes[0].set(ylabel="time of a request (ms)")
    axes[1].bar(clients, table["texts per second"], color=SPARE[2], edgecolor="black")
    axes[1].set(ylabel="texts per second")
    axes[2].bar(clients, table["texts per batch"], color=SPARE[4], edgecolor="black")
    axes[2].set(ylabel="texts per batch")
    for axis in axes:
        axis.set(xlabel="clients at once", ylim=(0, None))
    figure.tight_layout()
    first, last = table.iloc[0], table.iloc[-1]
    show(
        figure,
        f"Three panels over the number of clients, {clients[0]} to {clients[-1]}: the median time "
        f"of a request goes from {first['p50 (ms)']:.0f} to {last['p50 (ms)']:.0f} ms, the "
        f"throughput from {first['texts per second']:.0f} to {last['texts per second']:.0f} texts "
        f"per second, the size of a batch from {first['texts per batch']:.1f} to "
        f"{last['texts per batch']:.1f} texts.",
    )


def plot_watch(windows: pd.DataFrame, bands: pd.DataFrame, start: int) -> None:
    """Draw signals of a running service, window by window, with the band of normal values.

    Parameters
    ----------
    windows : DataFrame
        One row per window of messages, one column per signal.
    bands : DataFrame
        Index: the signals; columns ``low`` and ``high``.
    start : int
        The first window after the change.
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, windows.shape[1], figsize=(9.5, 2.7), squeeze=False)
    alarms = []
    for axis, column in zip(axes[0], windows, strict=True):
        low, high = bands.loc[column, ["low", "high"]]
        values = windows[column]
        outside = (values < low) | (values > high)
        axis.axhspan(low, high, color=NEUTRAL, alpha=0.25, label="normal")
        axis.plot(values.index, values, "o-", color=SPARE[0], label="window")
        axis.plot(values[outside].index, values[outside], "X", color=SPARE[5], ms=10, label="alarm")
        axis.axvline(start - 0.5, color="black", linestyle=":", linewidth=1)
        axis.set(xlabel="window of messages (number)", ylabel=column)
        usual, then = values[values.index < start].mean(), values[values.index >= start].mean()
        alarms.append(
            f"{column}: {int(outside.sum())} of {len(values)} windows outside, mean {usual:.2f} "
            f"before and {then:.2f} after"
        )
    axes[0, -1].legend(frameon=False, fontsize=8, loc="best")
    figure.tight_layout()
    show(
        figure,
        f"Signals per window with the band of normal values; something changes at window {start}. "
        + "; ".join(alarms)
        + ".",
    )


def plot_drift(found: pd.DataFrame, chance: pd.DataFrame) -> None:
    """Draw how far windows of other text, and windows of the same text, are from the reference.

    Parameters
    ----------
    found : DataFrame
        Index of two levels, the text and the signal; columns ``PSI`` and ``KS``.
    chance : DataFrame
        The same columns for draws without a shift; its index names the signal of each.
    """
    import matplotlib.pyplot as plt

    texts, signals = (list(found.index.unique(level)) for level in (0, 1))
    rows = ["same text", *texts]
    figure, axes = plt.subplots(1, 2, figsize=(9.5, 1.3 + 0.45 * len(rows)), sharey=True)
    sentences = []
    for measure, axis in zip(("PSI", "KS"), axes, strict=True):
        for place, signal in enumerate(signals):
            color, marker, shift = SPARE[(0, 4)[place]], "os"[place], 0.3 * place - 0.15
            draws = chance.loc[[signal], measure]
            axis.scatter(draws, [shift] * len(draws), c="none", edgecolors=color, marker=marker)
            values = [found.loc[(text, signal), measure] for text in texts]
            heights = [row + shift for row in range(1, len(rows))]
            axis.scatter(values, heights, c=color, marker=marker, s=60, label=signal)
            said = ", ".join(f"{t} {v:.2f}" for t, v in zip(texts, values, strict=True))
            sentences.append(
                f"{measure} of {signal}: same text {draws.min():.2f} to {draws.max():.2f} in "
                f"{len(draws)} draws, {said}"
            )
        axis.set(xscale="log", xlabel=f"{measure} (logarithmic scale)", yticks=range(len(rows)))
        axis.set_yticklabels(rows)
    for limit in (0.1, 0.25):
        axes[0].axvline(limit, color=NEUTRAL, linestyle=":", linewidth=1)
    axes[0].invert_yaxis()
    axes[0].set_ylabel("window of")
    axes[1].legend(frameon=False, fontsize=8, loc="best")
    figure.tight_layout()
    show(figure, "Points on two axes, PSI and KS, one row per text. " + "; ".join(sentences) + ".")
