"""Visible checks of lesson 4."""

import types

import numpy as np
import pandas as pd
import torch

from helpers.checks.core import examples
from helpers.checks.expect import close, equal, of_type, raises, that, unchanged


@examples("compute_metrics")
def _(answer):
    logits = np.array([[2.0, 1.0], [0.3, 0.1], [5.0, 4.0], [1.0, 3.0]])
    label_ids = np.array([0, 0, 1, 1])
    try:
        got = unchanged(answer, (logits, label_ids), given="compute_metrics")
    except AttributeError as error:
        that(False, f"Given a plain tuple your code stops ({error}). A tuple has no names: unpack.")
    of_type(got, dict, "compute_metrics")
    equal(sorted(got), ["accuracy", "f1"], "compute_metrics: the sorted keys of its answer")
    # Counts are chosen so that no two averages of F1 agree.
    uneven = np.eye(3)[[0, 0, 0, 1, 1, 0]] * 3.0
    truth = np.array([0, 0, 0, 0, 1, 2])
    given = "For the predicted ids 0 0 0 1 1 0 and the labels 0 0 0 0 1 2"
    got = answer((uneven, truth))
    close(
        got["accuracy"],
        4 / 6,
        f"{given} the accuracy",
        {
            "That is a percentage; a share from 0 to 1 is wanted.": 400 / 6,
            "That is the number of right rows, not their share.": 4.0,
            "That is the share of errors.": 2 / 6,
            "Are the classes along the last axis? `argmax(axis=-1)`.": 1 / 6,
        },
    )
    close(
        got["f1"],
        11 / 18,
        f"{given} the weighted F1",
        {
            "That is macro-F1: weight each class by its number of true rows.": 17 / 36,
            "That is micro-F1, which equals the accuracy here.": 4 / 6,
            "Weighted by predicted, not by true rows? Labels come first in scikit-learn.": 13 / 18,
        },
        tolerance=1e-4,
    )
    for key, value in got.items():
        that(
            type(value) is float,
            f"`{key}` must be a Python float; yours is a {type(value).__name__}. "
            "Put `float(…)` around it.",
        )
    try:
        nested = answer(((uneven, np.zeros((6, 4, 2))), truth))
    except (ValueError, AttributeError, TypeError) as error:
        that(
            False,
            "Where predictions are a tuple (logits, hidden states) your code stops: take the "
            f"first item of that tuple. ({type(error).__name__})",
        )
    close(
        [nested["accuracy"], nested["f1"]],
        [4 / 6, 11 / 18],
        "Where predictions are a tuple (logits, hidden states), accuracy and f1",
        "Take the first item of the tuple.",
        tolerance=1e-4,
    )
    from transformers import EvalPrediction

    given = EvalPrediction(predictions=uneven, label_ids=truth)
    close(
        answer(given)["accuracy"],
        4 / 6,
        "With an EvalPrediction instead of a tuple the accuracy",
        "It can be unpacked like a tuple.",
    )


@examples("label_maps")
def _(answer):
    names = ["sun", "rain", "fog"]
    got = unchanged(answer, names, given="label_maps")
    of_type(got, tuple, "label_maps")
    that(len(got) == 2, f"label_maps returns two dictionaries; yours returns {len(got)} items.")
    id2label, label2id = got
    equal(
        id2label,
        {0: "sun", 1: "rain", 2: "fog"},
        "For the names sun, rain, fog, id2label",
        {
            "Its keys are strings; integers are wanted.": {"0": "sun", "1": "rain", "2": "fog"},
            "It counts from 1.": {1: "sun", 2: "rain", 3: "fog"},
            "The names are sorted; keep the order of the list.": {0: "fog", 1: "rain", 2: "sun"},
            "Both dictionaries are there in the other order: id2label comes first.": {
                "sun": 0,
                "rain": 1,
                "fog": 2,
            },
        },
    )
    that(
        all(type(key) is int for key in id2label),
        "The keys of id2label must be Python integers: NumPy's cannot be saved as JSON.",
    )
    equal(
        label2id,
        {"sun": 0, "rain": 1, "fog": 2},
        "For the names sun, rain, fog, label2id",
        {
            "Its values are strings; integers are wanted.": {"sun": "0", "rain": "1", "fog": "2"},
            "That is id2label again: turn keys and values round.": {0: "sun", 1: "rain", 2: "fog"},
        },
    )
    raises(
        lambda: answer(["sun", "fog", "sun"]),
        ValueError,
        "sun",
        "The names sun, fog, sun",
        "A dict keeps only the last of two equal keys, without a word.",
    )


@examples("weighted_cross_entropy")
def _(answer):
    logits = torch.tensor([[0.0, 0.0], [0.0, float(np.log(3))]])
    labels, weights = torch.tensor([0, 1]), torch.tensor([1.0, 3.0])
    losses = [float(np.log(2)), float(np.log(4 / 3))]
    got = unchanged(answer, logits, labels, weights, given="weighted_cross_entropy")
    of_type(got, torch.Tensor, "weighted_cross_entropy")
    close(
        got,
        (losses[0] + 3 * losses[1]) / 4,
        f"For two rows that cost {losses[0]:.3f} and {losses[1]:.3f} nats, with the weights 1 "
        "and 3, the weighted mean",
        {
            "It divides by the number of rows. Divide by the sum of the weights used.": (
                losses[0] + 3 * losses[1]
            )
            / 2,
            "That is the weighted sum. By what must it be divided?": losses[0] + 3 * losses[1],
            "The weights have no effect.": sum(losses) / 2,
            "The sign is wrong: a loss is minus the log-probability.": -(losses[0] + 3 * losses[1])
            / 4,
            "One loss a row came back; one number is wanted.": losses,
            "The log is to the base 2; nats are wanted (natural log).": (
                (losses[0] + 3 * losses[1]) / 4 / float(np.log(2))
            ),
        },
        tolerance=1e-4,
    )
    close(
        answer(torch.zeros(2, 2), torch.tensor([1, 1]), torch.tensor([5.0, 2.0])),
        losses[0],
        "For two rows of class 1 that cost 0.693 each, with the weights 5 and 2, the mean",
        {
            "It divides by the sum of all weights, of absent classes too.": losses[0] * 4 / 7,
            "It divides by the number of rows.": losses[0] * 2,
        },
        tolerance=1e-4,
    )
    close(
        answer(torch.zeros(1, 3), torch.tensor([1]), torch.tensor([1.0, 1.0, 1.0])),
        float(np.log(3)),
        "For one row of three equal logits, the mean",
        {"Softmax runs over the rows of the batch. Classes lie along the last axis.": 0.0},
        tolerance=1e-4,
    )
    far = torch.tensor([[10000.0, -10000.0], [0.0, 0.0]])
    close(
        answer(far, torch.tensor([1, 0]), torch.tensor([1.0, 1.0])),
        (20000 + losses[0]) / 2,
        "For logits of 10,000 and -10,000 with the unlikely label, and a row of zeros, the mean",
        {
            "exp(10,000) is infinite. `log_softmax` does not need it.": np.nan,
            "Probabilities that are clamped cap the loss; `log_softmax` needs no clamp.": 10.708207,
            "log(0) is minus infinity: take `log_softmax`, not the log of a softmax.": np.inf,
        },
        tolerance=2e-3,
    )
    watched = torch.zeros(1, 2, requires_grad=True)
    got = answer(watched, torch.tensor([1]), torch.tensor([1.0, 2.0]))
    that(
        got.requires_grad,
        "No gradient can flow back: somewhere the tensor became a number or a NumPy array "
        "(`.item()`, `.detach()`, `.numpy()`).",
    )


@examples("linear_schedule")
def _(answer):
    given = "With 10 steps, 4 of warm-up and the peak 2.0"
    of_type(answer(4, 10, 4, 2.0), (float, int), "linear_schedule")
    close(
        answer(0, 10, 4, 2.0),
        0.0,
        f"{given} the rate at step 0",
        {
            "It is one step ahead: the rate is 0 at step 0.": 0.5,
            "It is one step ahead, as (step + 1) / (warm-up + 1): the rate is 0 at step 0.": 0.4,
            "It starts at the peak: where is the warm-up?": 2.0,
        },
    )
    close(
        answer(1, 10, 4, 2.0),
        0.5,
        f"{given} the rate at step 1",
        {
            "It is one step ahead.": 1.0,
            "It rises over all steps instead of over the warm-up.": 0.2,
            "The peak is left out: that is a share of it.": 0.25,
            "It falls from the start: where is the warm-up?": 1.8,
        },
    )
    close(
        answer(4, 10, 4, 2.0),
        2.0,
        f"{given} the rate at step 4",
        {"On the way down, divide by the steps after warm-up, not by all steps.": 1.2},
    )
    close(
        answer(5, 10, 4, 2.0),
        10 / 6,
        f"{given} the rate at step 5",
        {
            "It falls like a cosine; a straight line is wanted.": 1.8660254,
            "It stays at the peak after warm-up.": 2.0,
            "It reaches 0 one step early.": 1.6,
            "It keeps rising after warm-up.": 2.5,
        },
    )
    close(
        answer(7, 10, 4, 2.0),
        1.0,
        f"{given} the rate at step 7",
        {
            "On the way down, divide by the steps after warm-up, not by all steps.": 0.6,
            "It reaches 0 one step early.": 0.8,
            "That is how far it has fallen, in shares of the peak.": 0.5,
            "It is one step ahead.": 2.0 * 2 / 6,
            "It keeps rising after warm-up.": 3.5,
        },
    )
    close(
        answer(13, 10, 4, 2.0),
        0.0,
        f"{given} the rate at step 13",
        {"Past the end it falls below zero: stop at 0.": -1.0},
    )
    try:
        start = answer(0, 10, 0, 2.0)
    except ZeroDivisionError:
        that(False, "Without warm-up (0 steps) your code divides by 0. Is step 0 before its end?")
    close(
        start,
        2.0,
        "Without warm-up (0 steps) the rate at step 0",
        {"It starts at 0, though there is no warm-up.": 0.0},
    )


class _OneWeight(torch.nn.Module):
    """loss = weight * x, whose gradient is x; it notes what was done to it."""

    def __init__(self, gradient_before: float = 0.0):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor([1.0]))
        self.bias = torch.nn.Parameter(torch.tensor([0.0]))
        self.weight.grad = torch.tensor([gradient_before])
        self.modes = []
        self.eval()

    def forward(self, x, y, labels):
        self.modes.append(self.training)
        return types.SimpleNamespace(loss=(self.weight * x + self.bias * y).sum())


def _step(answer, x, y=0.0, before=0.0, **options):
    model = _OneWeight(before)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    batch = {"x": torch.tensor([x]), "y": torch.tensor([y]), "labels": torch.tensor([0])}
    loss = answer(model, batch, optimizer, **options)
    that(
        sorted(batch) == ["labels", "x", "y"],
        f"training_step changes the batch: afterwards it holds {', '.join(sorted(batch))}.",
    )
    return loss, model


@examples("training_step")
def _(answer):
    loss, model = _step(answer, 0.5)
    of_type(loss, float, "training_step")
    given = "With the loss 0.5 × weight, the weight 1.0 and a learning rate of 1, the"
    close(
        loss,
        0.5,
        f"{given} loss returned",
        {
            "That is the loss after the step: return the one before.": 0.25,
        },
    )
    that(
        model.modes != [],
        "The model was never called: its forward pass is `model(**batch)`.",
    )
    that(
        len(model.modes) == 1,
        f"One step needs one forward pass; yours makes {len(model.modes)}.",
    )
    that(
        model.modes[0],
        "The forward pass ran in evaluation mode, without dropout: `model.train()` comes first.",
    )
    close(
        model.weight,
        [0.5],
        f"{given} weight after the step",
        {
            "It did not move. Does the optimizer step, and are gradients cleared before the "
            "backward pass rather than after it?": [1.0],
            "It moved twice as far: is there more than one step or backward pass?": [0.0],
            "It moved uphill.": [1.5],
        },
    )
    _, model = _step(answer, 0.5, before=0.25)
    close(
        model.weight,
        [0.5],
        "If a gradient of 0.25 is left over from before, the weight after the step",
        {
            "The old gradient was added to the new one: clear the gradients first.": [0.25],
            "It did not move: gradients are cleared between backward and step.": [1.0],
            "Only the old gradient was applied.": [0.75],
        },
    )
    _, model = _step(answer, 3.0, 4.0)
    close(
        torch.cat([model.weight, model.bias]),
        [0.4, -0.8],
        "For the gradients 3 and 4 (norm 5) and the limit 1, the two weights (1 and 0 before) "
        "afterwards",
        {
            "The gradients were not clipped, or only after the step.": [-2.0, -4.0],
            "Each value, or each parameter, was clipped by itself. Their common norm is 5: scale "
            "all of them by 1/5.": [0.0, -1.0],
        },
        tolerance=1e-4,
    )
    _, model = _step(answer, 3.0, 4.0, max_grad_norm=2.5)
    close(
        torch.cat([model.weight, model.bias]),
        [-0.5, -2.0],
        "For the gradients 3 and 4 (norm 5) and max_grad_norm=2.5, the two weights afterwards",
        {"The limit stays at 1 whatever max_grad_norm says.": [0.4, -0.8]},
        tolerance=1e-4,
    )


@examples("fastest_within")
def _(answer):
    trials = pd.DataFrame(
        {"name": ["a", "b", "c"], "f1": [0.90, 0.88, 0.70], "seconds": [60.0, 30.0, 5.0]},
        index=[7, 8, 9],
    )
    given = "For f1 a 0.90, b 0.88, c 0.70 and seconds a 60, b 30, c 5, with the tolerance"
    equal(
        unchanged(lambda frame: answer(frame, tolerance=0.03), trials, given="fastest_within"),
        "b",
        f"{given} 0.03, it",
        {
            "That is the best f1, whatever it costs.": "a",
            "That is the quickest of all: it lies 0.20 below the best.": "c",
            "That is the whole row; only its name is wanted.": trials.iloc[1],
        },
    )
    equal(
        answer(trials),
        "a",
        f"{given} left at its default, it",
        {"b lies 0.02 below the best, more than 0.005.": "b"},
    )
    binary = pd.DataFrame({"name": ["x", "y"], "f1": [0.75, 0.5], "seconds": [2.0, 1.0]})
    equal(
        answer(binary, tolerance=0.25),
        "y",
        "A trial exactly `tolerance` below the best (0.75 and 0.5, tolerance 0.25) counts; it",
        {"`<` leaves it out, `<=` does not.": "x"},
    )
    tied = pd.DataFrame(
        {"name": ["p", "q", "r"], "f1": [0.80, 0.81, 0.81], "seconds": [9.0, 9.0, 9.0]}
    )
    equal(
        answer(tied, tolerance=0.05),
        "q",
        "For equal seconds and f1 p 0.80, q 0.81, r 0.81, it",
        {
            "Of equal seconds the better f1 wins.": "p",
            "Of equal seconds and equal f1 the first row wins.": "r",
        },
    )


@examples("emotion_predictions")
def _(answer):
    that(
        isinstance(answer, np.ndarray),
        f"emotion_predictions must be a NumPy array; yours is a {type(answer).__name__}. "
        "`.numpy()` turns a tensor into one, `np.array(…)` a list.",
    )
    hint = " Did you keep the logits? `argmax(axis=-1)`." if answer.ndim == 2 else ""
    that(
        answer.shape == (2000,),
        f"One label id for each of the 2,000 test messages is wanted; yours has the shape "
        f"{answer.shape}.{hint}",
    )
    that(
        np.issubdtype(answer.dtype, np.integer),
        f"Label ids are integers; yours have the dtype {answer.dtype}.",
    )
    low, high = int(answer.min()), int(answer.max())
    that(
        low >= 0 and high <= 5,
        f"Label ids run from 0 to 5; yours from {low} to {high}.",
    )
