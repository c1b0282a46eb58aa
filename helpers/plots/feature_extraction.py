"""Figures of lesson 3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from helpers.plots import NEUTRAL, SPARE, class_colors, show

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


def plot_layer_similarity(similarities: Sequence[float], word: str) -> None:
    """Show how similar one word's two vectors are after each layer of an encoder.

    Parameters
    ----------
    similarities : sequence of float
        Cosine similarity before the first layer, then after each.
    word : str
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 3.2))
    axes.plot(range(len(similarities)), similarities, marker="o", color=SPARE[0])
    axes.set_xticks(range(len(similarities)))
    axes.set_xlabel("layer (0: before the first)")
    axes.set_ylabel("cosine similarity")
    axes.set_ylim(min(0, *similarities), 1.05)
    axes.set_title(f"“{word}” in two messages", loc="left")
    axes.grid(axis="y", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    values = ", ".join(f"{value:.2f}" for value in similarities)
    show(
        figure,
        f"Line: cosine similarity of the vectors of “{word}” in two messages, "
        f"from layer 0 to layer {len(similarities) - 1}: {values}.",
    )


def plot_attention(
    tokens: Sequence[Sequence[str]], weights: Sequence[Sequence[float]], place: int
) -> None:
    """Show the weights that one attention head gives to the tokens, one panel per message.

    Parameters
    ----------
    tokens : sequence of sequences of str
        The tokens of each message.
    weights : sequence of sequences of float
        The weights that the token at `place` gives to each token; they sum to 1.
    place : int
        Position of the token that attends, the same in each message; its own bar is grey.
    """
    import matplotlib.pyplot as plt

    word = tokens[0][place]
    figure, panels = plt.subplots(1, len(tokens), figsize=(8, 3.2), sharex=True, squeeze=False)
    for axes, row, shares in zip(panels.flat, tokens, weights, strict=True):
        places = range(len(row))
        colors = [NEUTRAL if index == place else SPARE[0] for index in places]
        axes.barh(places, shares, color=colors)
        for index, share in enumerate(shares):
            axes.text(share + 0.01, index, f"{share:.2f}", va="center", fontsize=8)
        axes.set_yticks(places, row)
        axes.invert_yaxis()
        axes.set_title(" ".join(row[1:-1]), loc="left", fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0, 0].set_xlim(0, 1.15 * max(map(max, weights)))
    figure.supxlabel(f"weight that “{word}” gives to the token (one head)", fontsize=10)
    figure.tight_layout()
    told = "; ".join(
        f"“{' '.join(row[1:-1])}”: "
        + ", ".join(f"{token} {share:.2f}" for token, share in zip(row, shares, strict=True))
        for row, shares in zip(tokens, weights, strict=True)
    )
    show(
        figure,
        f"Bars, one panel per message: the weights that “{word}” gives to each token in one "
        f"attention head. {told}.",
    )


def plot_padding_drift(drift: pd.DataFrame) -> None:
    """Show what padding does to a plain average of token vectors.

    Parameters
    ----------
    drift : DataFrame
        Index: positions of padding added; one column per message, named after its length: the
        cosine similarity to the average without padding.
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 3.4))
    for column, color, marker in zip(drift, SPARE, "os^v", strict=False):
        axes.plot(drift.index, drift[column], color=color, marker=marker, label=column)
    axes.axhline(1, color=NEUTRAL, linewidth=1, linestyle="--")
    axes.set_xlabel("padding added (places)")
    axes.set_ylabel("cosine similarity to the\naverage without padding")
    axes.legend(title="message of", frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    ends = "; ".join(f"{column}: {drift[column].iloc[-1]:.2f}" for column in drift)
    show(
        figure,
        "Lines: similarity of a plain average over all places to the message's average without "
        f"padding, by places of padding. After {drift.index[-1]} places, {ends}.",
    )


def plot_feature_matrix(
    features: np.ndarray, labels: np.ndarray, names: Sequence[str], rows: int = 15
) -> None:
    """Show some rows of a feature matrix of each class as an image.

    Parameters
    ----------
    features : ndarray, shape (n, columns)
        Each column is shown in standard deviations from its average.
    labels : ndarray of int, shape (n,)
    names : sequence of str
    rows : int
        Rows of each class: its first ones.
    """
    import matplotlib.pyplot as plt
    import numpy as np

    standard = (features - features.mean(axis=0)) / features.std(axis=0)
    blocks = [standard[labels == label][:rows] for label in range(len(names))]
    figure, axes = plt.subplots(figsize=(8, 4.4))
    image = axes.imshow(
        np.concatenate(blocks), aspect="auto", cmap="PuOr", vmin=-3, vmax=3, interpolation="nearest"
    )
    edges = np.cumsum([len(block) for block in blocks])
    for edge in edges[:-1]:
        axes.axhline(edge - 0.5, color="black", linewidth=1)
    axes.set_yticks([e - len(b) / 2 - 0.5 for e, b in zip(edges, blocks, strict=True)], names)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("feature (column of the matrix)")
    axes.set_ylabel(f"messages ({rows} of each class)")
    bar = figure.colorbar(image, ax=axes, pad=0.02)
    bar.set_label("standard deviations from the column's average")
    show(
        figure,
        f"Image of {features.shape[1]} features of {rows} messages per class, in blocks from "
        f"{names[0]} (top) to {names[-1]} (bottom): each value as a colour, orange below and "
        "purple above its column's average.",
    )


def plot_class_maps(points: np.ndarray, labels: np.ndarray, names: Sequence[str]) -> None:
    """Show a two-dimensional map, one hexbin panel per class, all with the same scale of counts.

    Parameters
    ----------
    points : ndarray, shape (n, 2)
    labels : ndarray of int, shape (n,)
    names : sequence of str
    """
    import matplotlib.pyplot as plt
    import numpy as np
    from matplotlib.colors import LinearSegmentedColormap, PowerNorm
    from matplotlib.ticker import MaxNLocator

    columns = 3
    lines = -(-len(names) // columns)
    figure, panels = plt.subplots(
        lines, columns, figsize=(9, 2.9 * lines), sharex=True, sharey=True, squeeze=False
    )
    # A few far points would press all others into a corner.
    low, high = np.quantile(points, [0.005, 0.995], axis=0)
    low, high = low - 0.03 * (high - low), high + 0.03 * (high - low)
    inside = ((points >= low) & (points <= high)).all(axis=1)
    frame = {"gridsize": 28, "extent": (low[0], high[0], low[1], high[1]), "mincnt": 1}
    drawn, fullest = [], []
    for label, (name, color) in enumerate(zip(names, class_colors(names), strict=True)):
        axes = panels.flat[label]
        grey = LinearSegmentedColormap.from_list("", ["#e8e8e8"] * 2)
        axes.hexbin(*points[inside].T, cmap=grey, **frame)
        chosen = points[labels == label]
        shades = LinearSegmentedColormap.from_list(name, ["#f2f2f2", color, "#1a1a1a"])
        drawn.append(axes.hexbin(*points[inside & (labels == label)].T, cmap=shades, **frame))
        axes.set_title(f"{name} ({len(chosen):,})", loc="left", color="black", fontsize=10)
        if len(chosen):
            x, y = (chosen.mean(axis=0) - low) / (high - low)
            fullest.append(f"{name} around {x:.0%} from the left and {y:.0%} from the bottom")
    most = max(1, *(count for cells in drawn for count in cells.get_array()))
    for axes, cells in zip(panels.flat, drawn, strict=False):
        # With a square-root scale one message still differs visibly from none, even if another
        # class has many messages in a cell.
        cells.set_norm(PowerNorm(0.5, vmin=0, vmax=most))
        whole = MaxNLocator(nbins=5, integer=True)
        figure.colorbar(cells, ax=axes, pad=0.02, ticks=whole).ax.tick_params(labelsize=8)
    for axes in panels.flat:
        axes.set_xticks([])
        axes.set_yticks([])
    for axes in panels.flat[len(names) :]:
        axes.set_visible(False)
    figure.supxlabel("first dimension of the map (no unit)", fontsize=10)
    figure.supylabel("second dimension (no unit)", fontsize=10)
    left_out = f"; {(~inside).sum()} far out are not drawn" if not inside.all() else ""
    title = f"messages per cell, one panel per class (its number of messages{left_out})"
    figure.suptitle(title, fontsize=10)
    figure.tight_layout()
    show(
        figure,
        f"{len(names)} hexbin panels of the same map, one per class; colour counts the class's "
        f"messages in a cell, {most:.0f} at most. Centres: {'; '.join(fullest)}.",
    )


def plot_grid_search(results: dict[str, np.ndarray], parameter: str) -> None:
    """Show cross-validated accuracy over the values of one parameter, on a logarithmic axis.

    Parameters
    ----------
    results : dict
        `cv_results_` of a search over one parameter.
    parameter : str
        Its name in the search; the part after the last ``__`` labels the axis.
    """
    import matplotlib.pyplot as plt
    import numpy as np

    values = np.asarray(results[f"param_{parameter}"], dtype=float)
    means, spreads = results["mean_test_score"], results["std_test_score"]
    best = int(np.argmax(means))
    short = parameter.rpartition("__")[2]
    figure, axes = plt.subplots(figsize=(7, 3.2))
    axes.errorbar(values, means, yerr=spreads, marker="o", color=SPARE[0], capsize=3)
    axes.plot(values[best], means[best], "o", markersize=13, mfc="none", mec=SPARE[4], mew=2)
    axes.annotate("best", (values[best], means[best]), (0, -22), textcoords="offset points")
    axes.set_xscale("log")
    axes.set_xlabel(f"{short} (logarithmic)")
    axes.set_ylabel("accuracy on held-out parts")
    axes.grid(axis="y", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    listed = ", ".join(f"{v:g}: {m:.3f}" for v, m in zip(values, means, strict=True))
    show(figure, f"Line with error bars: accuracy by {short}; {listed}. Best at {values[best]:g}.")


def plot_scores(scores: pd.DataFrame) -> None:
    """Show accuracy and macro-F1 of several classifiers as bars with a mark.

    Parameters
    ----------
    scores : DataFrame
        Index: classifiers, from bottom to top; columns `accuracy` and `macro_f1`.
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 0.55 * len(scores) + 1.2))
    axes.barh(scores.index, scores["macro_f1"], color=SPARE[0], height=0.6, label="macro-F1")
    axes.plot(
        scores["accuracy"],
        scores.index,
        linestyle="none",
        marker="D",
        color="#333333",
        label="accuracy",
    )
    for name, value in scores["macro_f1"].items():
        axes.text(
            value / 2, name, f"{value:.2f}", va="center", ha="center", color="white", fontsize=9
        )
    axes.set_xlim(0, 1)
    axes.set_xlabel("score on the validation split (0 to 1)")
    axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, 1.25), ncols=2)
    axes.spines[["top", "right"]].set_visible(False)
    rows = "; ".join(
        f"{name}: macro-F1 {row.macro_f1:.2f}, accuracy {row.accuracy:.2f}"
        for name, row in scores.iloc[::-1].iterrows()
    )
    show(figure, f"Bars of macro-F1 with marks of accuracy, best first. {rows}.")


def plot_confusion(y_true: np.ndarray, y_pred: np.ndarray, names: Sequence[str]) -> None:
    """Show a confusion matrix, each row divided by its true class's count.

    Parameters
    ----------
    y_true, y_pred : ndarray of int, shape (n,)
    names : sequence of str
    """
    import matplotlib.pyplot as plt
    import numpy as np
    from sklearn.metrics import confusion_matrix

    ids = range(len(names))
    counts = confusion_matrix(y_true, y_pred, labels=ids)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, axes = plt.subplots(figsize=(1.6 + 0.75 * len(names), 1.1 + 0.62 * len(names)))
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for row in ids:
        for column in ids:
            dark = shares[row, column] > 0.55
            text = f"{shares[row, column]:.2f}"
            axes.text(column, row, text, ha="center", va="center", color="w" if dark else "k")
    axes.set_xticks(ids, names, rotation=30, ha="right")
    axes.set_yticks(ids, [f"{name} ({n:,})" for name, n in zip(names, counts.sum(1), strict=True)])
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class (messages)")
    bar = figure.colorbar(image, ax=axes, pad=0.03)
    bar.set_label("share of the true class")
    errors = shares - np.diag(np.diag(shares))
    true, predicted = np.unravel_index(errors.argmax(), errors.shape)
    recalls = ", ".join(f"{name} {shares[i, i]:.2f}" for i, name in enumerate(names))
    show(
        figure,
        f"Confusion matrix, rows sum to 1. Diagonal: {recalls}. Largest confusion: "
        f"{names[true]} taken for {names[predicted]}, {errors.max():.2f}.",
    )


def plot_purity(purities: Mapping[str, Sequence[float]]) -> None:
    """Draw neighbourhood purities: one row per name, one dot per value, the mean in numbers.

    Parameters
    ----------
    purities : mapping of str to sequence of float
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7.5, 0.35 * len(purities) + 1))
    labels, texts = [], []
    for place, (name, values) in enumerate(purities.items()):
        axes.plot(values, [place] * len(values), "o", color=SPARE[0], alpha=0.7)
        mean = sum(values) / len(values)
        labels.append(f"{name}: {mean:.3f}")
        texts.append(f"{name} {', '.join(f'{value:.3f}' for value in values)}")
    axes.set_yticks(range(len(purities)), labels)
    axes.invert_yaxis()
    axes.set_xlabel("neighbourhood purity (k = 10), and its mean on the left")
    axes.grid(axis="x", alpha=0.3)
    show(figure, f"Dots of neighbourhood purity, one per seed: {'; '.join(texts)}.")


def plot_map_settings(
    maps: dict[str, np.ndarray], labels: np.ndarray, names: Sequence[str]
) -> None:
    """Show several maps of the same points, three in a row, each scaled to fill its panel.

    Parameters
    ----------
    maps : dict of str to ndarray, shape (n, 2)
        Each panel's title and its points. After scaling, nine of ten points are within 1 of the
        middle; points beyond 1.4 are left out, and the title says how many.
    labels : ndarray of int, shape (n,)
    names : sequence of str
    """
    import matplotlib.pyplot as plt
    import numpy as np

    rows = -(-len(maps) // 3)
    figure, panels = plt.subplots(
        rows, 3, figsize=(9.6, 0.7 + 3.2 * rows), sharex=True, sharey=True, squeeze=False
    )
    titles = []
    for axes in panels.flat[len(maps) :]:
        axes.set_axis_off()
    for axes, (name, drawn) in zip(panels.flat, maps.items(), strict=False):
        # A few far points would press all others into a corner.
        from_middle = drawn - np.median(drawn, axis=0)
        points = from_middle / np.quantile(np.linalg.norm(from_middle, axis=1), 0.9)
        outside = int((np.abs(points) > 1.4).any(axis=1).sum())
        titles.append(f"{name} ({outside} left out)")
        axes.set(xlim=(-1.4, 1.4), ylim=(-1.4, 1.4), aspect="equal")
        for label, (color, marker) in enumerate(zip(class_colors(names), "osD^vP", strict=False)):
            chosen = points[labels == label]
            axes.scatter(
                *chosen.T,
                s=9,
                color=color,
                marker=marker,
                alpha=0.7,
                linewidths=0,
                label=names[label],
            )
        axes.set_title(titles[-1], loc="left", fontsize=10)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_xlabel("one dimension of the map (no unit)", fontsize=9)
    for axes in panels[:, 0]:
        axes.set_ylabel("another dimension (no unit)", fontsize=9)
    handles, texts = panels.flat[0].get_legend_handles_labels()
    figure.legend(
        handles,
        texts,
        loc="lower center",
        ncols=len(names),
        frameon=False,
        markerscale=2.5,
        bbox_to_anchor=(0.5, -0.08),
    )
    figure.tight_layout()
    show(
        figure,
        f"{len(maps)} scatter plots of the same {len(labels):,} messages, coloured by class, "
        f"for {', '.join(titles)}.",
    )


def plot_learning_curves(curves: Mapping[str, pd.DataFrame], floor: float) -> None:
    """Show accuracy by the number of labelled rows: points, and a line through their means.

    Parameters
    ----------
    curves : mapping of str to DataFrame
        By classifier; index: rows of training data; one column per repetition, which may be empty.
    floor : float
        Accuracy of the most frequent class.
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 3.8))
    means = {name: runs.mean(axis=1) for name, runs in curves.items()}
    for (name, runs), color, marker in zip(curves.items(), SPARE, "os^v", strict=False):
        axes.plot(runs.index, runs, marker, color=color, alpha=0.5, markersize=4)
        axes.plot(runs.index, means[name], color=color, marker=marker, label=name)
    sizes = next(iter(curves.values())).index
    axes.axhline(floor, color=NEUTRAL, linestyle="--", label="most frequent class")
    axes.set_xscale("log")
    axes.set_xticks(sizes, [f"{rows:,}" for rows in sizes])
    axes.minorticks_off()
    axes.set_xlabel("labelled messages (logarithmic)")
    axes.set_ylabel("accuracy on the validation split")
    axes.set_ylim(0, 1)
    axes.legend(frameon=False)
    axes.grid(axis="y", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    shown = "; ".join(
        f"{name} {', '.join(f'{mean:.2f} with {rows:,}' for rows, mean in line.items())}"
        for name, line in means.items()
    )
    show(
        figure,
        "Points and lines of the accuracy by labelled messages, means of the repetitions: "
        f"{shown}; the most frequent class alone {floor:.2f}.",
    )
