"""Figures of lesson 5: losses, label errors, calibration, slices and attributions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from helpers.plots import NEUTRAL, SPARE, class_colors, show

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

BLUE, ORANGE, GREEN = SPARE[:3]
# From words that agree with the label to words that contradict it; the middle is neutral.
EVIDENCE = {
    "its label only": (BLUE, ""),
    "its label and another class": ("#9ecae1", "//"),
    "no telling word": ("#d9d9d9", ""),
    "another class only": (ORANGE, "xx"),
}


def plot_loss_share(losses: Sequence[float]) -> None:
    """Draw which share of the total loss the most expensive messages hold.

    Parameters
    ----------
    losses : sequence of float
        One per message, in any order.
    """
    import matplotlib.pyplot as plt
    import numpy as np

    ordered = np.sort(np.asarray(losses, dtype=float))[::-1]
    shares = np.concatenate([[0], ordered.cumsum() / ordered.sum()])
    part = np.linspace(0, 100, len(shares))
    figure, axes = plt.subplots(figsize=(7, 3))
    axes.plot(part, 100 * shares, color=BLUE)
    axes.plot([0, 100], [0, 100], "--", color=NEUTRAL, linewidth=1)
    axes.set_xlabel("messages, highest loss first (% of all)")
    axes.set_ylabel("share of the total loss (%)")
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 102)
    axes.grid(alpha=0.3)
    first, tenth = (shares[int(place * len(ordered))] for place in (0.01, 0.1))
    show(
        figure,
        f"Curve of the share of all loss against the share of messages, most expensive first: "
        f"1 % of the messages hold {first:.0%}, 10 % hold {tenth:.0%}.",
    )


def plot_evidence(shares: pd.DataFrame) -> None:
    """Draw which class telling words point at, one stacked bar per group of messages.

    Parameters
    ----------
    shares : DataFrame
        Index: groups; columns: keys of `EVIDENCE`; each row sums to 1.
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 0.55 * len(shares) + 1.2))
    left = [0.0] * len(shares)
    for kind, (color, hatch) in EVIDENCE.items():
        if kind not in shares:
            continue
        values = (100 * shares[kind]).tolist()
        axes.barh(
            list(shares.index), values, left=left, color=color, hatch=hatch, edgecolor="w",
            label=kind,
        )  # fmt: skip
        left = [start + value for start, value in zip(left, values, strict=True)]
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.set_xlabel("share of the messages (%)")
    axes.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False)
    text = "; ".join(
        f"{name}: " + ", ".join(f"{kind} {share:.0%}" for kind, share in row.items())
        for name, row in shares.iterrows()
    )
    show(figure, f"Stacked bars of what the telling words of messages point at. {text}.")


def plot_label_places(places: Sequence[int], losses: Sequence[float]) -> None:
    """Draw the loss of each error against the rank of its label among the model's answers.

    Parameters
    ----------
    places : sequence of int
        2 for the runner-up, 3 for the third, and so on.
    losses : sequence of float
    """
    import matplotlib.pyplot as plt
    import numpy as np

    # A tie for the first place counts as the second place.
    places, losses = np.maximum(places, 2), np.asarray(losses)
    rng = np.random.default_rng(0)
    figure, axes = plt.subplots(figsize=(7, 3))
    shifted = places + rng.uniform(-0.25, 0.25, size=len(places))
    axes.plot(losses, shifted, "o", color=BLUE, alpha=0.5, markersize=4, markeredgewidth=0)
    ranks = range(2, max(3, *places) + 1) if len(places) else range(2, 4)
    counts = {rank: int((places == rank).sum()) for rank in ranks}
    axes.set_yticks(list(counts), [f"{rank} ({count})" for rank, count in counts.items()])
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.set_xlabel("loss (nats)")
    axes.set_ylabel("place of the label (errors)")
    axes.grid(axis="x", alpha=0.3)
    text = ", ".join(f"place {rank}: {count}" for rank, count in counts.items())
    show(figure, f"Dots: loss of each error by the place of its label. Errors at {text}.")


def plot_class_scores(scores: pd.DataFrame) -> None:
    """Draw precision and recall of each class, joined by a line.

    Parameters
    ----------
    scores : DataFrame
        Index: class names; columns ``precision`` and ``recall``.
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 0.4 * len(scores) + 1))
    colors = class_colors(list(scores.index))
    for place, (color, (_, row)) in enumerate(zip(colors, scores.iterrows(), strict=True)):
        axes.plot([row["precision"], row["recall"]], [place, place], color=color, linewidth=2)
        axes.plot(row["precision"], place, "o", color=color, markersize=8)
        axes.plot(row["recall"], place, "D", color=color, markerfacecolor="w", markersize=8)
    axes.plot([], [], "o", color=NEUTRAL, label="precision")
    axes.plot([], [], "D", color=NEUTRAL, markerfacecolor="w", label="recall")
    axes.set_yticks(range(len(scores)), scores.index)
    axes.invert_yaxis()
    low = min(0.9, float(scores.to_numpy().min()) - 0.05)
    axes.set_xlim(max(0, low) - 0.02, 1.02)
    axes.set_xlabel("precision and recall (share of messages)")
    axes.grid(axis="x", alpha=0.3)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    text = "; ".join(
        f"{name} {row['precision']:.2f} and {row['recall']:.2f}" for name, row in scores.iterrows()
    )
    show(figure, f"Precision and recall of each class: {text}.")


def plot_self_confidence(probabilities: Mapping[str, np.ndarray]) -> None:
    """Draw the distribution of the probability of a message's own label, one line per model.

    Parameters
    ----------
    probabilities : mapping of str to ndarray, shape (n,)
    """
    import matplotlib.pyplot as plt
    import numpy as np

    edges = np.linspace(0, 1, 21)
    figure, axes = plt.subplots(figsize=(7, 3.2))
    ends = []
    for (name, values), color, style in zip(
        probabilities.items(), SPARE, ("-", "--", ":"), strict=False
    ):
        counts, _ = np.histogram(values, edges)
        axes.stairs(np.maximum(counts, 0.5), edges, color=color, linestyle=style, linewidth=2,
                    label=name)  # fmt: skip
        ends.append(f"{name}: {int((values < 0.1).sum()):,} of {len(values):,} below 0.1")
    axes.set_yscale("log")
    axes.set_xlim(0, 1)
    axes.set_xlabel("probability of the message's own label")
    axes.set_ylabel("messages per step of 0.05\n(logarithmic)")
    axes.grid(alpha=0.3)
    axes.legend(loc="upper left")
    show(figure, f"Distribution of the probability of the label. {'; '.join(ends)}.")


def plot_audit(audit: pd.DataFrame) -> None:
    """Draw precision and recall of each way to find wrong labels, or how many each suspects.

    Parameters
    ----------
    audit : DataFrame
        Index: the ways; column ``suspects`` and, if there is a key, ``precision`` and ``recall``.
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7.5, 0.45 * len(audit) + 1))
    labels = [f"{name} ({count:,})" for name, count in audit["suspects"].items()]
    places = range(len(audit))
    if "precision" in audit:
        for column, marker, color in (("precision", "o", BLUE), ("recall", "D", ORANGE)):
            axes.plot(audit[column], places, marker, color=color, markersize=9, label=column)
        axes.hlines(
            places, 0, audit[["precision", "recall"]].max(axis=1), color="#cccccc", zorder=0
        )
        axes.set_xlim(-0.03, 1.03)
        axes.set_xlabel("precision and recall against the key")
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
        cells = ((n, f"{r.precision:.2f} and {r.recall:.2f}") for n, r in audit.iterrows())
        alt = "Precision and recall of each way to find planted labels: "
    else:
        axes.barh(places, audit["suspects"], color=BLUE)
        axes.set_xlabel("suspects (train messages to read)")
        cells = ((n, f"{count:,}") for n, count in audit["suspects"].items())
        alt = "Number of suspects of each way to find wrong labels: "
    axes.set_yticks(places, labels)
    axes.set_ylim(len(audit) - 0.4, -0.6)
    axes.grid(axis="x", alpha=0.3)
    show(figure, alt + "; ".join(f"{name} {text}" for name, text in cells) + ".")


def plot_pairs(pairs: pd.Series) -> None:
    """Draw how often each pair of label and suggestion occurs.

    Parameters
    ----------
    pairs : Series of int
        Index: (label, suggestion), most frequent first.
    """
    import matplotlib.pyplot as plt

    names = [f"{label} → {suggestion}" for label, suggestion in pairs.index]
    figure, axes = plt.subplots(figsize=(7, 0.3 * len(pairs) + 1))
    colors = class_colors([label for label, _ in pairs.index])
    axes.barh(names, pairs.to_numpy(), color=colors)
    axes.invert_yaxis()
    axes.set_xlabel("suspects (train messages)")
    axes.set_ylabel("label → suggestion")
    axes.grid(axis="x", alpha=0.3)
    text = "; ".join(f"{name} {count}" for name, count in zip(names, pairs, strict=True))
    show(figure, f"Bars of the pairs of label and suggestion among suspects: {text}.")


def plot_reliability(models: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> None:
    """Draw a reliability diagram, one pair of panels per model.

    Parameters
    ----------
    models : mapping of str to (confidence, hit)
        Two arrays of shape (n,): the highest probability, and whether the answer is right.
    """
    import matplotlib.pyplot as plt
    from sklearn.calibration import calibration_curve

    figure, panels = plt.subplots(
        2, len(models), figsize=(1 + 4 * len(models), 4.2), sharex=True, sharey="row",
        height_ratios=(3, 1), squeeze=False, layout="constrained",
    )  # fmt: skip
    texts = []
    for (name, (confidence, hit)), (upper, lower) in zip(models.items(), panels.T, strict=True):
        accuracy, mean = calibration_curve(hit, confidence, n_bins=10)
        centers = (mean * 10).astype(int).clip(max=9) / 10 + 0.05
        upper.bar(centers, accuracy, 0.09, color="#9ecae1", edgecolor=BLUE, label="accuracy")
        upper.plot(centers, mean, "k_", markersize=18, markeredgewidth=2, label="mean confidence")
        upper.plot([0, 1], [0, 1], "--", color=NEUTRAL, linewidth=1)
        upper.set_title(name, loc="left", fontsize=10)
        lower.hist(confidence, bins=10, range=(0, 1), color=NEUTRAL, rwidth=0.9)
        lower.set_yscale("log")
        lower.set_ylim(0.8, 2 * len(confidence))
        lower.set_yticks([1, 10, 100, 1000], ["1", "10", "100", "1,000"])
        lower.minorticks_off()
        lower.set_xlabel("confidence (top probability)")
        pairs = (f"{c:.2f} against {a:.2f}" for c, a in zip(mean, accuracy, strict=True))
        texts.append(f"{name}: {', '.join(pairs)}")
    panels[0, 0].set_ylabel("share right")
    panels[1, 0].set_ylabel("messages")
    panels[0, 0].set_xlim(0, 1)
    panels[0, 0].set_ylim(0, 1.02)
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    show(
        figure,
        f"Reliability diagram, mean confidence against accuracy of each group. {'; '.join(texts)}.",
    )


def plot_temperature(loss_at: Callable[[float], float], best: float) -> None:
    """Draw the loss for a range of temperatures, the best of them marked."""
    import matplotlib.pyplot as plt
    import numpy as np

    temperatures = np.linspace(min(0.5, best), max(2.5, 1.2 * best), 60)
    figure, axes = plt.subplots(figsize=(7, 2.8))
    axes.plot(temperatures, [loss_at(value) for value in temperatures], color=BLUE)
    axes.axvline(1, color=NEUTRAL, linestyle="--", linewidth=1)
    axes.plot(best, loss_at(best), "D", color=ORANGE, markersize=9, label=f"least at {best:.2f}")
    axes.set_xlabel("temperature (1: as trained)")
    axes.set_ylabel("loss on the first half\n(nats)")
    axes.legend()
    axes.grid(alpha=0.3)
    show(
        figure,
        f"Curve of the loss against the temperature: {loss_at(1.0):.3f} at 1, least "
        f"({loss_at(best):.3f}) at {best:.2f}.",
    )


def plot_rates(counts: pd.DataFrame, column: str, label: str, reference: str = "") -> None:
    """Draw one share per row with its 95 % Wilson interval.

    Parameters
    ----------
    counts : DataFrame
        Columns ``rows`` and `column`, both counts; a row with the count 0 is drawn empty.
    column : str
        What is counted.
    label : str
        Of the axis.
    reference : str
        If given, the share of this row is also drawn as a dashed line through all rows.
    """
    import matplotlib.pyplot as plt
    from scipy.stats import binomtest

    figure, axes = plt.subplots(figsize=(7.5, 0.38 * len(counts) + 1))
    texts = []
    for place, (name, row) in enumerate(counts.iterrows()):
        rows, chosen = int(row["rows"]), int(row[column])
        if not rows:
            texts.append(f"{name} has no rows")
            continue
        interval = binomtest(chosen, rows).proportion_ci(0.95, method="wilson")
        axes.plot([interval.low, interval.high], [place, place], color=BLUE, linewidth=2)
        axes.plot(chosen / rows, place, "o", color=BLUE, markersize=7)
        texts.append(f"{name} {chosen / rows:.3f} [{interval.low:.3f}, {interval.high:.3f}]")
        if name == reference:
            axes.axvline(chosen / rows, color=NEUTRAL, linestyle="--", linewidth=1)
    sizes = [f"{name} ({int(rows):,})" for name, rows in counts["rows"].items()]
    axes.set_yticks(range(len(counts)), sizes)
    axes.set_ylim(len(counts) - 0.5, -0.5)
    low, high = axes.get_xlim()
    axes.set_xlim(max(0.0, low) - 0.01, min(1.0, high) + 0.01)
    axes.set_xlabel(label)
    axes.set_ylabel("(in brackets: their number)")
    axes.grid(axis="x", alpha=0.3)
    show(figure, f"Dots with intervals, {label}: {'; '.join(texts)}.")


def plot_moves(moves: Mapping[str, Sequence[float]], label: str) -> None:
    """Draw by how much each pair of messages changes a number: one row per group, a dot per pair.

    Parameters
    ----------
    moves : mapping of str to sequence of float
        Each group's changes; 0 if both messages of a pair give the same number.
    label : str
        Of the axis.
    """
    import matplotlib.pyplot as plt
    import numpy as np

    figure, axes = plt.subplots(figsize=(7.5, 0.42 * len(moves) + 1))
    texts = []
    for place, (name, values) in enumerate(moves.items()):
        # Without this, dots of equal changes would hide each other.
        heights = place + np.linspace(-0.2, 0.2, len(values))
        axes.plot(values, heights, "o", color=BLUE, alpha=0.7, markersize=6)
        texts.append(f"{name} {', '.join(f'{value:+.3f}' for value in values)}")
    axes.axvline(0, color=NEUTRAL, linestyle="--", linewidth=1)
    # A change too small to matter must not fill the figure.
    widest = max(0.05, 1.1 * max(float(np.abs(values).max()) for values in moves.values()))
    axes.set_xlim(-widest, widest)
    axes.set_yticks(range(len(moves)), [f"{name} ({len(v)})" for name, v in moves.items()])
    axes.set_ylim(len(moves) - 0.5, -0.5)
    axes.set_xlabel(label)
    axes.set_ylabel("(number of pairs)")
    axes.grid(axis="x", alpha=0.3)
    show(figure, f"Dots, one per pair, {label}: {'; '.join(texts)}.")


def plot_attribution(words: Sequence[str], values: Sequence[float], title: str) -> None:
    """Draw a message's words, each coloured and framed by its contribution.

    Parameters
    ----------
    words : sequence of str
    values : sequence of float
        Contribution of each word: above 0 for the class of the title, below 0 against it.
    title : str
    """
    import matplotlib.pyplot as plt
    from matplotlib.colors import LinearSegmentedColormap, to_rgb

    # Both ends of the colour scale are light enough for black letters.
    scale = LinearSegmentedColormap.from_list("", [to_rgb("#f5a623"), (1, 1, 1), to_rgb("#5aa9e6")])
    strongest = max((abs(value) for value in values), default=0.0) or 1.0
    places, lines = _lines_of_words(words)
    figure, axes = plt.subplots(figsize=(9, 0.62 * lines + 0.35))
    axes.set_xlim(0, 100)
    axes.set_ylim(lines, -0.1)
    axes.axis("off")
    axes.set_title(title, loc="left", fontsize=10)
    for word, value, (x, line) in zip(words, values, places, strict=True):
        share = value / strongest
        style = "-" if share >= 0 else "--"
        frame = {
            "boxstyle": "round,pad=0.25",
            "facecolor": scale(0.5 + share / 2),
            "edgecolor": "black" if abs(share) >= 0.1 else "#bbbbbb",
            "linestyle": style,
            "linewidth": 0.6 + 1.2 * abs(share),
        }
        font: dict[str, Any] = {"family": "monospace", "ha": "left", "va": "center"}
        axes.text(x, line + 0.25, word, fontsize=11, bbox=frame, parse_math=False, **font)
        if abs(share) >= 0.1:
            axes.text(x, line + 0.68, f"{value:+.2f}".replace("-", "−"), fontsize=8, **font)
    text = ", ".join(f"{w} {v:+.2f}" for w, v in zip(words, values, strict=True))
    show(figure, f"Words of a message with their contributions {title}: {text}.")


def _lines_of_words(words: Sequence[str]) -> tuple[list[tuple[float, int]], int]:
    """Return where each word of monospaced text starts (x of 100, line) and the number of lines."""
    unit, gap = 1.36, 2.3
    places, x, line = [], 0.8, 0
    for word in words:
        width = unit * max(len(word), 4) + gap
        if x + width > 100 and x > 1:
            x, line = 0.8, line + 1
        places.append((x, line))
        x += width
    return places, line + 1


def plot_concentration(shares: Mapping[str, Sequence[float]]) -> None:
    """Draw which share of an answer's support its strongest word gives, one line per group.

    Parameters
    ----------
    shares : mapping of str to sequence of float
        NaN means a message without support, which is left out.
    """
    import matplotlib.pyplot as plt
    import numpy as np

    figure, axes = plt.subplots(figsize=(7, 0.7 * len(shares) + 0.9))
    rng = np.random.default_rng(0)
    texts = []
    for place, (name, values) in enumerate(shares.items()):
        known = np.array([value for value in values if value == value])
        if not len(known):
            texts.append(f"{name}: no messages")
            continue
        heights = place + rng.uniform(-0.2, 0.2, size=len(known))
        axes.plot(known, heights, "o", color=(ORANGE, BLUE)[place % 2], alpha=0.7, markersize=6)
        middle = float(np.median(known))
        axes.plot([middle, middle], [place - 0.35, place + 0.35], color="black", linewidth=2)
        texts.append(f"{name}: median {middle:.2f} of {len(known)}")
    axes.set_yticks(range(len(shares)), [f"{name} ({len(v)})" for name, v in shares.items()])
    axes.set_ylim(len(shares) - 0.5, -0.5)
    axes.set_xlim(0, 1.02)
    axes.set_xlabel("share of the strongest word in all that speaks for the answer")
    axes.set_ylabel("answers")
    axes.grid(axis="x", alpha=0.3)
    show(figure, f"Dots: share of the strongest word. {'; '.join(texts)}.")
