"""Figures of lesson 4: padding, schedules, learning curves and comparisons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from helpers.plots import NEUTRAL, SPARE, class_colors, show

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

BLUE, ORANGE, GREEN = SPARE[:3]
SCORES = {"accuracy": NEUTRAL, "weighted_f1": ORANGE, "macro_f1": BLUE}


def plot_padding(real: int, computed: Mapping[str, int]) -> None:
    """Draw how many places of one epoch are tokens and how many are padding, by strategy.

    Parameters
    ----------
    real : int
        Tokens of the split.
    computed : mapping of str to int
        Places that the model computes, by the name of the strategy.
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
    """Draw the learning rate of every step, one line a schedule."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 2.8))
    for (name, rates), color, style in zip(
        schedules.items(), SPARE, ("-", "--", ":"), strict=False
    ):
        axes.plot(range(len(rates)), rates, style, color=color, label=name)
    axes.set_xlabel("step")
    axes.set_ylabel("learning rate")
    axes.ticklabel_format(axis="y", style="sci", scilimits=(0, 0))
    axes.legend()
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


def live_learning_curves():
    """Return a Trainer callback that redraws the learning curves in place after each epoch."""
    import uuid

    from IPython.display import display, update_display
    from IPython.utils.capture import capture_output
    from transformers import TrainerCallback

    class LiveLearningCurves(TrainerCallback):
        place: str | None = None

        def on_evaluate(self, args, state, control, **options):
            if not any("loss" in entry for entry in state.log_history):
                return
            with capture_output() as captured:
                plot_learning_curves(state.log_history)
            for picture in captured.outputs:
                draw = update_display if self.place else display
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


def plot_recalls(recalls: pd.DataFrame) -> None:
    """Draw the recall of each class in two runs, joined by a line.

    Parameters
    ----------
    recalls : DataFrame
        Index: class names; two columns, one a run.
    """
    import matplotlib.pyplot as plt

    before, after = recalls.columns
    figure, axes = plt.subplots(figsize=(7, 2.8))
    for place, (color, (_, row)) in enumerate(
        zip(class_colors(list(recalls.index)), recalls.iterrows(), strict=True)
    ):
        axes.plot([row[before], row[after]], [place, place], color=color, linewidth=2)
        axes.plot(row[before], place, "o", markerfacecolor="white", markersize=8, color=color)
        axes.plot(row[after], place, "o", markersize=8, color=color)
    axes.plot([], [], "o", markerfacecolor="white", color=NEUTRAL, label=before)
    axes.plot([], [], "o", color=NEUTRAL, label=after)
    axes.set_yticks(range(len(recalls)), recalls.index)
    axes.invert_yaxis()
    axes.set_xlim(-0.02, 1.02)
    axes.set_xlabel("recall on the validation split")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    text = "; ".join(
        f"{name} {row[before]:.2f} to {row[after]:.2f}" for name, row in recalls.iterrows()
    )
    show(figure, f"Recall of each class, {before} and {after}: {text}.")


def plot_trials(trials: pd.DataFrame) -> None:
    """Draw the macro-F1 of each trial: one row per name, one dot per run, a line at the mean.

    Parameters
    ----------
    trials : DataFrame
        Columns ``name``, ``f1`` and ``seconds``; a name has one row per run.
    """
    import matplotlib.pyplot as plt

    means = trials.groupby("name", sort=False)[["f1", "seconds"]].mean()
    means = means.sort_values("f1", kind="stable")
    figure, axes = plt.subplots(figsize=(7.5, 0.35 * len(means) + 1.2))
    texts = []
    for place, (name, mean) in enumerate(means.iterrows()):
        scores = trials.loc[trials["name"] == name, "f1"]
        axes.plot([mean["f1"]] * 2, [place - 0.3, place + 0.3], color=NEUTRAL, linewidth=2)
        axes.plot(scores, [place] * len(scores), "o", color=BLUE, alpha=0.7)
        texts.append(f"{name} {', '.join(f'{score:.2f}' for score in scores)}")
    labels = [f"{name} ({mean['seconds']:.0f} s)" for name, mean in means.iterrows()]
    axes.set_yticks(range(len(means)), labels)
    axes.set_xlim(0, 1)
    axes.set_xlabel("macro-F1 on the validation rows (seconds of one training in brackets)")
    axes.grid(axis="x", alpha=0.3)
    show(figure, f"Dots of the macro-F1 of each trial's runs: {'; '.join(texts)}.")


def plot_losses(losses: Mapping[str, Sequence[float]], width: int = 10) -> None:
    """Draw the training loss of every step, averaged over the last `width` steps.

    The first line is broad and pale, so that one that lies upon it is seen.
    """
    import matplotlib.pyplot as plt
    import pandas as pd

    figure, axes = plt.subplots(figsize=(7, 2.8))
    styles = (
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
