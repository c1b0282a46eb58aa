"""Figures of lesson 4: padding, schedules, learning curves, searches and comparisons."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from helpers.plots import NEUTRAL, SPARE, class_colors, show

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.figure import Figure
    from transformers import TrainerCallback

BLUE, ORANGE, GREEN = SPARE[:3]
SCORES = {"accuracy": NEUTRAL, "weighted_f1": ORANGE, "macro_f1": BLUE}


def plot_padding(real: int, computed: Mapping[str, int]) -> None:
    """Draw how many positions of one epoch are tokens and how many are padding, by strategy.

    Parameters
    ----------
    real : int
        Tokens of the split.
    computed : mapping of str to int
        Positions that the model computes, by the name of the strategy.
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 2.2))
    names, places = list(computed), [count / 1e6 for count in computed.values()]
    axes.barh(names, places, color="#c8c8c8", label="padding")
    axes.barh(names, [real / 1e6] * len(names), color=BLUE, label="tokens")
    axes.invert_yaxis()
    axes.set_xlabel("places computed in one epoch (millions)")
    axes.legend(loc="lower right")
    shares = ", ".join(f"{name}: {1 - real / count:.0%}" for name, count in computed.items())
    show(figure, f"Bars of the places that one epoch computes. Share of padding: {shares}.")


def plot_schedules(schedules: Mapping[str, Sequence[float]]) -> None:
    """Draw the learning rate of every step, one line per schedule."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 2.8))
    for (name, rates), color, style in zip(
        schedules.items(), SPARE, ("-", "--", ":"), strict=False
    ):
        axes.plot(range(len(rates)), rates, style, color=color, label=name)
    axes.set_xlabel("step")
    axes.set_ylabel("learning rate")
    axes.ticklabel_format(axis="y", style="sci", scilimits=(0, 0))
    # The legend is beside the axes: inside them, some curve runs through every corner.
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    show(figure, f"Learning rate against step for the schedules {', '.join(schedules)}.")


def plot_learning_curves(history: Sequence[Mapping[str, float]]) -> None:
    """Draw the losses and the validation macro-F1 that a Trainer logged.

    Parameters
    ----------
    history : sequence of mapping
        ``trainer.state.log_history``.
    """
    figure, alt = _learning_curves(history)
    show(figure, alt)


def _learning_curves(history: Sequence[Mapping[str, float]]) -> tuple[Figure, str]:
    import matplotlib.pyplot as plt
    from matplotlib.ticker import MaxNLocator

    training = [(entry["epoch"], entry["loss"]) for entry in history if "loss" in entry]
    checked = [entry for entry in history if "eval_loss" in entry]
    epochs = [entry["epoch"] for entry in checked]
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 2.9), layout="constrained")
    left.plot(*zip(*training, strict=True), color=BLUE, label="training (average of 50 steps)")
    losses = [entry["eval_loss"] for entry in checked]
    left.plot(epochs, losses, "D--", color=ORANGE, label="validation")
    left.set_ylabel("cross-entropy (nats)")
    left.set_ylim(0, 1.1 * max(losses + [loss for _, loss in training]))
    left.legend()
    scores = [entry["eval_macro_f1"] for entry in checked]
    right.plot(epochs, scores, "D--", color=ORANGE)
    right.set_ylabel("validation macro-F1")
    right.set_ylim(0, 1)
    for axes in (left, right):
        axes.set_xlabel("epoch")
        axes.set_xlim(0, 1.04 * epochs[-1])
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure, (
        f"Left: training loss from {training[0][1]:.2f} to {training[-1][1]:.2f} and validation "
        f"loss after each epoch ({_listed(losses)}). "
        f"Right: validation macro-F1 after each epoch ({_listed(scores)})."
    )


def live_learning_curves() -> TrainerCallback:
    """Return a Trainer callback that redraws the learning curves in place after each epoch."""
    import uuid

    from IPython.display import display, update_display
    from IPython.utils.capture import capture_output
    from transformers import TrainerCallback

    class LiveLearningCurves(TrainerCallback):
        place: str | None = None

        def on_evaluate(self, args: Any, state: Any, control: Any, **options: Any) -> None:
            if not any("loss" in entry for entry in state.log_history):
                return
            with capture_output() as captured:
                plot_learning_curves(state.log_history)
            for picture in captured.outputs:
                draw: Callable[..., Any] = update_display if self.place else display
                self.place = self.place or uuid.uuid4().hex
                draw(picture, display_id=self.place)

    return LiveLearningCurves()


def plot_comparison(table: pd.DataFrame) -> None:
    """Draw three scores with their intervals for each way of classifying.

    Parameters
    ----------
    table : DataFrame
        Index: the ways, worst first; columns ``accuracy``, ``weighted_f1`` and ``macro_f1``, each
        cell a tuple (value, lower, upper).
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7.5, 0.6 * len(table) + 1))
    for shift, (score, color) in zip((-0.2, 0, 0.2), SCORES.items(), strict=True):
        values = [value for value, _, _ in table[score]]
        below = [value - lower for value, lower, _ in table[score]]
        above = [upper - value for value, _, upper in table[score]]
        places = [place + shift for place in range(len(table))]
        marker = {"accuracy": "|", "weighted_f1": "s", "macro_f1": "o"}[score]
        axes.errorbar(
            values, places, xerr=[below, above], fmt=marker, color=color, capsize=3, label=score
        )
    axes.set_yticks(range(len(table)), table.index)
    axes.set_xlim(0, 1)
    axes.set_xlabel("score on the validation split, with 95 % interval")
    axes.grid(axis="x", alpha=0.3)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    text = "; ".join(f"{name} {row.macro_f1[0]:.2f}" for name, row in table.iterrows())
    show(figure, f"Accuracy, weighted F1 and macro-F1 with intervals. Macro-F1: {text}.")


def plot_recalls(recalls: pd.DataFrame, messages: Sequence[int]) -> None:
    """Draw the recall of each class with two recipes, joined by a line, the rarest class on top.

    Parameters
    ----------
    recalls : DataFrame
        Index: class names; two columns, one per recipe.
    messages : sequence of int
        How many messages of each class the recipes learnt from.
    """
    import matplotlib.pyplot as plt

    before, after = recalls.columns
    table = recalls.assign(messages=list(messages), color=class_colors(list(recalls.index)))
    table = table.sort_values("messages", kind="stable")
    figure, axes = plt.subplots(figsize=(7, 2.8))
    for place, (_, row) in enumerate(table.iterrows()):
        color = row["color"]
        axes.plot([row[before], row[after]], [place, place], color=color, linewidth=2)
        axes.plot(row[before], place, "o", markerfacecolor="white", markersize=8, color=color)
        axes.plot(row[after], place, "o", markersize=8, color=color)
    axes.plot([], [], "o", markerfacecolor="white", color=NEUTRAL, label=before)
    axes.plot([], [], "o", color=NEUTRAL, label=after)
    labels = [f"{name} ({row['messages']:,})" for name, row in table.iterrows()]
    axes.set_yticks(range(len(table)), labels)
    axes.invert_yaxis()
    axes.set_xlim(-0.02, 1.02)
    axes.set_xlabel("recall on the validation rows (training messages of the class in brackets)")
    axes.grid(axis="x", alpha=0.3)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    text = "; ".join(
        f"{label} {row[before]:.2f} to {row[after]:.2f}"
        for label, (_, row) in zip(labels, table.iterrows(), strict=True)
    )
    show(
        figure,
        f"Recall of each class, from {before} to {after}, rarest class first, with its number of "
        f"training messages: {text}.",
    )


def plot_search(search: pd.DataFrame, settings: Mapping[str, str], best: int = 3) -> None:
    """Draw the score of each draw of a random search against each of its settings.

    Parameters
    ----------
    search : DataFrame
        One row per draw: ``name``, ``f1`` and a column per setting.
    settings : mapping of str to str
        Which columns to draw, in order, and how to label each. A column with more than five
        different values gets a logarithmic axis; otherwise each value has its own position.
    best : int
        How many of the best draws to mark.
    """
    import matplotlib.pyplot as plt

    ranked = search.sort_values("f1", ascending=False, kind="stable")
    figure, panels = plt.subplots(
        1, len(settings), figsize=(9.5, 2.8), sharey=True, layout="constrained"
    )
    for axes, (column, label) in zip(panels, settings.items(), strict=True):
        values = sorted(search[column].unique())
        continuous = len(values) > 5
        at = search[column] if continuous else _side_by_side(search[column].map(values.index))
        places = at.reindex(ranked.index)
        axes.plot(places[best:], ranked["f1"][best:], "o", color=BLUE, alpha=0.6, markersize=5)
        axes.plot(places[:best], ranked["f1"][:best], "D", color=ORANGE, markeredgecolor="black")
        if continuous:
            axes.set_xscale("log")
        else:
            axes.set_xticks(range(len(values)), [f"{value:g}" for value in values])
            axes.set_xlim(-0.5, len(values) - 0.5)
        axes.set_xlabel(label)
        axes.grid(axis="y", alpha=0.3)
    panels[0].set_ylabel("macro-F1")
    panels[0].set_ylim(0, 1)
    panels[0].plot([], [], "D", color=ORANGE, markeredgecolor="black", label=f"the best {best}")
    panels[0].plot([], [], "o", color=BLUE, alpha=0.6, label="another draw")
    figure.legend(loc="outside upper center", ncols=2, frameon=False)
    texts = []
    for _, row in ranked[:best].iterrows():
        drawn = ", ".join(f"{label} {row[name]:.3g}" for name, label in settings.items())
        texts.append(f"{row['name']} {row['f1']:.2f} ({drawn})")
    show(
        figure,
        f"Macro-F1 of {len(search)} draws against each setting, from "
        f"{ranked['f1'].iloc[-1]:.2f} to {ranked['f1'].iloc[0]:.2f}. The best: {'; '.join(texts)}.",
    )


def _spread(count: int, width: float = 0.4) -> np.ndarray:
    """Return offsets around 0 that keep `count` marks at one position from hiding each other."""
    import numpy as np

    return np.linspace(-width / 2, width / 2, count) if count > 1 else np.zeros(count)


def _side_by_side(places: pd.Series) -> pd.Series:
    """Spread the values that share a position, in the order given: sorted, they suggest a trend."""
    return places + places.groupby(places).transform(lambda same: _spread(len(same)))


def plot_trials(trials: pd.DataFrame, searched: Mapping[str, float] | None = None) -> None:
    """Draw the macro-F1 of each trial: one row per name, one dot per run, a line at the mean.

    Parameters
    ----------
    trials : DataFrame
        Columns ``name``, ``f1`` and ``seconds``; a name has one row per run.
    searched : mapping of str to float, optional
        The score that a name had in the search in which it was chosen, drawn as a diamond.
    """
    import matplotlib.pyplot as plt

    searched = searched or {}
    means = trials.groupby("name", sort=False)[["f1", "seconds"]].mean()
    means = means.sort_values("f1", kind="stable")
    figure, axes = plt.subplots(figsize=(7.5, 0.35 * len(means) + 1.2))
    texts = []
    for place, (name, mean) in enumerate(means.iterrows()):
        scores = trials.loc[trials["name"] == name, "f1"]
        axes.plot([mean["f1"]] * 2, [place - 0.3, place + 0.3], color=NEUTRAL, linewidth=2)
        axes.plot(scores, place + _spread(len(scores)), "o", color=BLUE, alpha=0.7)
        text = f"{name} {', '.join(f'{score:.2f}' for score in scores)}"
        if name in searched:
            axes.plot(searched[name], place, "D", color=ORANGE, markeredgecolor="black")
            text += f" (in the search {searched[name]:.2f})"
        texts.append(text)
    axes.plot([], [], "o", color=BLUE, alpha=0.7, label="one run")
    axes.plot(
        [], [], "|", color=NEUTRAL, markersize=11, markeredgewidth=2, label="mean of the runs"
    )
    if searched:
        axes.plot([], [], "D", color=ORANGE, markeredgecolor="black", label="in the search")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    labels = [f"{name} ({mean['seconds']:.0f} s)" for name, mean in means.iterrows()]
    axes.set_yticks(range(len(means)), labels)
    axes.set_xlim(0, 1)
    axes.set_xlabel("macro-F1 on the validation rows (mean seconds of one training in brackets)")
    axes.grid(axis="x", alpha=0.3)
    show(figure, f"Dots of the macro-F1 of each trial's runs: {'; '.join(texts)}.")


def plot_early_stopping(epochs: pd.DataFrame, planned: int) -> None:
    """Draw losses and macro-F1 of a training that was stopped, epoch by epoch.

    Parameters
    ----------
    epochs : DataFrame
        Index: the epoch, from 1; columns ``training_loss``, ``validation_loss`` and ``f1``.
    planned : int
        How many epochs were planned.
    """
    import matplotlib.pyplot as plt
    from matplotlib.ticker import MaxNLocator

    best, last = int(epochs["f1"].idxmax()), int(epochs.index[-1])
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 2.9), layout="constrained")
    left.plot(epochs.index, epochs["training_loss"], "o-", color=BLUE, label="training")
    left.plot(epochs.index, epochs["validation_loss"], "s--", color=ORANGE, label="validation")
    left.set_ylabel("cross-entropy (nats)")
    left.set_ylim(bottom=0)
    right.plot(epochs.index, epochs["f1"], "s--", color=ORANGE)
    right.plot(best, epochs["f1"][best], "D", color=GREEN, markersize=9, label="best: kept")
    right.set_ylabel("macro-F1 (validation)")
    right.set_ylim(0, 1)
    for axes in (left, right):
        if last < planned:
            axes.axvspan(last + 0.5, planned + 0.5, color="#e8e8e8", label="not trained")
        axes.set_xlabel("epoch")
        axes.set_xlim(0.5, planned + 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    left.legend(loc="upper right")
    right.legend(loc="lower right")
    show(
        figure,
        f"Left: loss after each epoch, training ({_listed(epochs['training_loss'])}) and "
        f"validation ({_listed(epochs['validation_loss'])}). Right: validation macro-F1 "
        f"({_listed(epochs['f1'])}). Best after epoch {best}; {last} of {planned} epochs trained.",
    )


def plot_amounts(runs: pd.DataFrame) -> None:
    """Draw the macro-F1 of several ways to train against the number of labels.

    Parameters
    ----------
    runs : DataFrame
        One row per training: ``name`` (of the way), ``labels``, ``f1``.
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7.5, 3.4))
    names = list(dict.fromkeys(runs["name"]))
    sizes = sorted(runs["labels"].unique())
    texts = []
    for number, name in enumerate(names):
        mine = runs[runs["name"] == name]
        color, style = SPARE[number % len(SPARE)], ("o-", "s--", "D-.", "^:")[number % 4]
        aside = 1.05 ** (number - (len(names) - 1) / 2)  # so that no dot hides another way's
        axes.plot(mine["labels"] * aside, mine["f1"], style[0], color=color, alpha=0.5)
        means = mine.groupby("labels")["f1"].mean()
        axes.plot(means.index * aside, means, style[1:], color=color)
        axes.plot([], [], style, color=color, label=name)
        told = ", ".join(f"{mean:.2f} with {labels:,}" for labels, mean in means.items())
        texts.append(f"{name}: {told}")
    axes.set_xscale("log")
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.minorticks_off()
    axes.set(xlabel="training messages with a label (log scale)", ylabel="macro-F1 (validation)")
    axes.set_ylim(0, 1)
    axes.grid(alpha=0.3)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    show(
        figure,
        f"Macro-F1 against the number of labels, a line per way through the means of its runs. "
        f"{'; '.join(texts)}.",
    )


def plot_losses(losses: Mapping[str, Sequence[float]], width: int = 10) -> None:
    """Draw the training loss of every step, averaged over the last `width` steps.

    The first line is broad and pale, so that another line on top of it remains visible.
    """
    import matplotlib.pyplot as plt
    import pandas as pd

    figure, axes = plt.subplots(figsize=(7, 2.8))
    styles: tuple[dict[str, Any], ...] = (
        {"linewidth": 7, "alpha": 0.35},
        {"linestyle": "--"},
        {"linestyle": ":", "linewidth": 2},
    )
    ends = []
    for (name, values), color, style in zip(losses.items(), SPARE, styles, strict=False):
        smooth = pd.Series(values).rolling(width, min_periods=1).mean()
        axes.plot(range(1, len(smooth) + 1), smooth, color=color, label=name, **style)
        ends.append(f"{name} ends at {smooth.iloc[-1]:.2f}")
    axes.set_xlabel("step")
    axes.set_ylabel(f"training loss (nats,\nmean of {width} steps)")
    axes.set_ylim(0, 1.1 * axes.get_ylim()[1])
    axes.legend()
    show(figure, f"Training loss against step: {', '.join(ends)}.")


def _listed(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.2f}" for value in values)
