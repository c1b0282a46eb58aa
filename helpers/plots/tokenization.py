"""Figures of lesson 2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from helpers.plots import SPARE, show

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor

# Matplotlib's own fonts, so that a figure looks the same everywhere; the second one has emoji.
BOXED = ("DejaVu Sans Mono", "DejaVu Sans")


def plot_one_hot(matrix: Tensor, tokens: Sequence[str], vocabulary: Sequence[str]) -> None:
    """Show a one-hot matrix: one row per token, one column per vocabulary entry.

    Parameters
    ----------
    matrix : Tensor of 0 and 1, shape (len(tokens), len(vocabulary))
    tokens, vocabulary : sequence of str
    """
    import matplotlib.pyplot as plt

    size = (2 + 0.26 * len(vocabulary), 1 + 0.22 * len(tokens))
    figure, axis = plt.subplots(figsize=size, layout="constrained")
    axis.pcolormesh(matrix.numpy(), cmap="Blues", vmin=0, vmax=1.2, edgecolors="#DDDDDD", lw=0.5)
    axis.set_xticks([column + 0.5 for column in range(len(vocabulary))], map(repr, vocabulary))
    axis.set_yticks([row + 0.5 for row in range(len(tokens))], map(repr, tokens))
    axis.tick_params(axis="x", rotation=90)
    axis.invert_yaxis()
    axis.set(xlabel="character of the vocabulary, in order of its id", ylabel="token of the text")
    show(
        figure,
        f"A grid of {len(tokens)} rows, one per token, and {len(vocabulary)} columns, one per "
        "character of the vocabulary. Each row has one dark cell, in the column of its token.",
    )


def plot_vocabulary_tradeoff(sizes: pd.DataFrame) -> None:
    """Show the effect of a larger vocabulary: tokens per message against vocabulary entries.

    Parameters
    ----------
    sizes : DataFrame
        Index: name of the way to cut; columns ``vocabulary`` (entries) and ``tokens`` (mean
        tokens per message). Rows named ``"subwords…"`` are joined by a line.
    """
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(7.5, 4.2), layout="constrained")
    learnt = sizes[sizes.index.str.startswith("subwords")]
    axis.plot(learnt["vocabulary"], learnt["tokens"], "o-", color=SPARE[0], label="subwords (BPE)")
    others = sizes.drop(learnt.index)
    for (name, row), marker, colour in zip(others.iterrows(), "sD^v", SPARE[4:0:-1], strict=False):
        axis.plot(row["vocabulary"], row["tokens"], marker, color=colour, markersize=9, label=name)
    axis.set_xscale("log")
    axis.set_ylim(bottom=0)
    axis.set(xlabel="entries in the vocabulary (log scale)", ylabel="mean tokens per message")
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False)
    points = "; ".join(
        f"{name}: {row['vocabulary']:,.0f} entries, {row['tokens']:.1f} tokens"
        for name, row in sizes.iterrows()
    )
    show(figure, f"Mean tokens per message against the size of the vocabulary. {points}.")


def plot_pieces(pieces: dict[str, Sequence[str]]) -> None:
    """Show one text cut by several tokenizers: one row of boxes each, one box per token.

    Parameters
    ----------
    pieces : dict of str to sequence of str
        Tokens by the tokenizer's name.
    """
    import matplotlib.pyplot as plt

    widths = {name: [max(len(token), 1) + 0.9 for token in row] for name, row in pieces.items()}
    widest = max(map(sum, widths.values()))
    figure, axis = plt.subplots(figsize=(9, 0.4 + 0.5 * len(pieces)), layout="constrained")
    for row, (name, tokens) in enumerate(pieces.items()):
        left = 0.0
        for index, (token, width) in enumerate(zip(tokens, widths[name], strict=True)):
            colour = ("#CFE3F2", "#FBE5B6")[index % 2]
            axis.barh(row, width, left=left, height=0.7, color=colour, edgecolor="white", lw=1.5)
            axis.text(left + width / 2, row, token, ha="center", va="center", family=BOXED, size=8)
            left += width
        axis.text(left + 0.5, row, f"{len(tokens)} tokens", va="center", size=8, color="#444444")
    axis.set(xlim=(0, widest * 1.12), xticks=[])
    axis.set_yticks(range(len(pieces)), pieces)
    axis.invert_yaxis()
    axis.spines[:].set_visible(False)
    axis.tick_params(length=0)
    rows = "; ".join(f"{name}: {' | '.join(tokens)}" for name, tokens in pieces.items())
    show(figure, f"The same text cut by {len(pieces)} tokenizers, one box per token. {rows}.")


def plot_token_lengths(lengths: Sequence[int], limits: Sequence[int]) -> None:
    """Show how many messages fit into a length: a histogram, and what each limit covers.

    Parameters
    ----------
    lengths : sequence of int
        Tokens per message, special tokens included.
    limits : sequence of int
        Possible lengths to cut at.
    """
    import matplotlib.pyplot as plt
    import numpy as np

    lengths = np.asarray(lengths)
    figure, axis = plt.subplots(figsize=(7.5, 3.4), layout="constrained")
    axis.hist(lengths, bins=np.arange(0, lengths.max() + 3, 2).tolist(), color=SPARE[0])
    axis.set_ylim(top=axis.get_ylim()[1] * 1.25)  # room for the shares above the bars
    covered = []
    for limit in limits:
        share = (lengths <= limit).mean()
        said = "over 99.9%" if 0.9995 <= share < 1 else f"{share:.1%}"  # 100% would be all
        covered.append(f"{said} within {limit}")
        axis.axvline(limit, color="#D55E00", linestyle="--", linewidth=1.2)
        axis.text(
            limit,
            axis.get_ylim()[1],
            f" {said}\n ≤ {limit}",
            va="top",
            color="#A34700",
            size=9,
        )
    axis.set_xlim(0, max(lengths.max(), *limits) * 1.12)
    axis.set(xlabel="length (tokens, with [CLS] and [SEP])", ylabel="messages")
    axis.spines[["top", "right"]].set_visible(False)
    show(
        figure,
        f"Histogram of message lengths, from {lengths.min()} to {lengths.max()} tokens. Dashed "
        f"lines mark possible limits: {', '.join(covered)}.",
    )


def plot_padding(batches: dict[str, Sequence[Tensor]]) -> None:
    """Show real tokens and padding of the same messages under several ways to pad.

    Parameters
    ----------
    batches : dict of str to sequence of Tensor
        Attention masks of the batches, each of shape (rows, columns), by the way to pad.
    """
    import matplotlib.pyplot as plt
    import numpy as np
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    colours = ("#FFFFFF", "#E9A15B", SPARE[0])
    widest = max(mask.shape[1] for masks in batches.values() for mask in masks)
    figure, axes = plt.subplots(
        1, len(batches), figsize=(10, 4.2), sharex=True, sharey=True, layout="constrained"
    )
    shares = []
    for axis, (name, masks) in zip(axes, batches.items(), strict=True):
        grid = np.zeros((sum(len(mask) for mask in masks), widest))
        row = 0
        for mask in masks:
            grid[row : row + len(mask), : mask.shape[1]] = mask.numpy() + 1
            row += len(mask)
            axis.axhline(row - 0.5, color="black", linewidth=0.8)
        share = (grid == 1).sum() / (grid > 0).sum()
        shares.append(f"{name}: {share:.0%}")
        axis.imshow(grid, cmap=ListedColormap(colours), vmin=0, vmax=2, aspect="auto")
        axis.set(title=f"{name}\n{share:.0%} padding", xlabel="position (tokens)")
    axes[0].set_ylabel("message (a line ends a batch)")
    handles = [
        Patch(color=colours[2], label="real token"),
        Patch(color=colours[1], label="padding"),
    ]
    figure.legend(handles=handles, frameon=False, ncols=2, loc="outside lower center")
    show(
        figure,
        f"The same {row} messages as rows of positions, real or padding, under {len(batches)} "
        f"ways to pad. Share of padding: {'; '.join(shares)}.",
    )


def plot_seconds(seconds: dict[str, float]) -> None:
    """Show how long each of several ways took, one bar each.

    Parameters
    ----------
    seconds : dict of str to float
    """
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(7, 0.9 + 0.4 * len(seconds)), layout="constrained")
    bars = axis.barh(list(seconds), list(seconds.values()), color=SPARE[0])
    axis.bar_label(bars, fmt=" %.2f s")
    axis.invert_yaxis()
    axis.margins(x=0.15)
    axis.set(xlabel="time (seconds)")
    axis.spines[["top", "right"]].set_visible(False)
    described = "; ".join(f"{name}: {value:.2f} s" for name, value in seconds.items())
    show(figure, f"Bars of seconds. {described}.")
