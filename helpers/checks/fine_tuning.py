"""Visible checks of lesson 4."""

import time
from typing import Any

import numpy as np
import pandas as pd
import torch
from transformers.modeling_outputs import SequenceClassifierOutput

from helpers.checks.core import Wrong, described, examples
from helpers.checks.expect import close, equal, joined, of_type, raises, runs, that, unchanged
from helpers.checks.language import say
from helpers.data import copies_at_hand


@examples("compute_metrics")
def _(answer: Any) -> None:
    logits = np.array([[2.0, 1.0], [0.3, 0.1], [5.0, 4.0], [1.0, 3.0]])
    label_ids = np.array([0, 0, 1, 1])
    try:
        got = unchanged(answer, (logits, label_ids), given="compute_metrics")
    except AttributeError as error:
        text = say(
            "For a plain tuple your code stops with {1}. A tuple has no names: unpack it.",
            described(error),
        )
        raise Wrong(text) from None
    of_type(got, dict, "compute_metrics")
    equal(sorted(got), ["accuracy", "f1"], say("The sorted keys of what compute_metrics returns"))
    close(
        got["f1"],
        11 / 15,
        say("For two classes, the predicted ids 0 0 0 1 and the labels 0 0 1 1 the weighted F1"),
        {say("That is the F1 of class 1 alone: weighted is wanted for two classes, too."): 2 / 3},
        tolerance=1e-4,
    )
    # The counts are chosen so that all averages of F1 differ.
    uneven = np.eye(3)[[0, 0, 0, 1, 1, 0]] * 3.0
    truth = np.array([0, 0, 0, 0, 1, 2])
    given = say("For the predicted ids 0 0 0 1 1 0 and the labels 0 0 0 0 1 2")
    got = answer((uneven, truth))
    close(
        got["accuracy"],
        4 / 6,
        say("{1} the accuracy", given),
        {
            say("That is a percentage; a share from 0 to 1 is wanted."): 400 / 6,
            say("That is the number of right rows, not their share."): 4.0,
            say("That is the share of errors."): 2 / 6,
            say("Are the classes along the last axis? `argmax(axis=-1)`."): 1 / 6,
        },
    )
    close(
        got["f1"],
        11 / 18,
        say("{1} the weighted F1", given),
        {
            say("That is macro-F1: weight each class by its number of true rows."): 17 / 36,
            say("That is micro-F1, which equals the accuracy here."): 4 / 6,
            say("Weighted by predicted, not by true rows? Labels come first in scikit-learn."): 13
            / 18,
        },
        tolerance=1e-4,
    )
    for key, value in got.items():
        that(
            isinstance(value, float),  # NumPy's float64 is a float, and `json.dumps` accepts it
            say(
                "`{1}` must be a float that `json.dumps` takes; yours is of type {2}. "
                "Put `float(…)` around it.",
                key,
                type(value).__name__,
            ),
        )
    try:
        nested = answer(((uneven, np.zeros((6, 4, 2))), truth))
    except (ValueError, AttributeError, TypeError) as error:
        text = say(
            "Where predictions are a tuple (logits, hidden states) your code stops with {1}.",
            described(error),
        )
        raise Wrong(joined(text, say("Take the first item of the tuple."))) from None
    close(
        [nested["accuracy"], nested["f1"]],
        [4 / 6, 11 / 18],
        say("Where predictions are a tuple (logits, hidden states), accuracy and f1"),
        say("Take the first item of the tuple."),
        tolerance=1e-4,
    )
    from transformers import EvalPrediction

    given = EvalPrediction(predictions=(uneven, uneven[::-1]), label_ids=truth)
    close(
        answer(given)["accuracy"],
        4 / 6,
        say("Where predictions are a tuple of two arrays of one shape, the accuracy"),
        say("Take the first item of the tuple."),
    )
    that(
        isinstance(given.predictions, tuple),
        say("The EvalPrediction holds other predictions after the call. Leave it as it is."),
    )
    given = EvalPrediction(predictions=uneven, label_ids=truth)
    close(
        answer(given)["accuracy"],
        4 / 6,
        say("With an EvalPrediction instead of a tuple the accuracy"),
        say("It can be unpacked like a tuple."),
    )
    given = say("With an EvalPrediction that holds inputs and losses, too, the accuracy")
    likely = say("Unpacked, it has four items then. Take the first two by number or by name.")
    more = EvalPrediction(uneven, truth, inputs=np.zeros((6, 2)), losses=np.arange(6) + 7)
    close(runs(lambda: answer(more), given, likely)["accuracy"], 4 / 6, given, likely)
    right = answer((uneven, uneven.argmax(axis=1)))
    for key in ("accuracy", "f1"):
        of_type(right[key], float, say("Where every row is right, `{1}`", key))


@examples("label_maps")
def _(answer: Any) -> None:
    names = ["sun", "rain", "fog"]
    got = unchanged(answer, names, given="label_maps")
    of_type(got, tuple, "label_maps")
    that(
        len(got) == 2,
        say(
            "label_maps must return two dictionaries; yours returns a tuple of length {1}.",
            len(got),
        ),
    )
    id2label, label2id = got
    equal(
        _in_order(id2label, {0: "sun", 1: "rain", 2: "fog"}),
        {0: "sun", 1: "rain", 2: "fog"},
        say("For the names sun, rain, fog, id2label"),
        {
            say("Its keys are strings; integers are wanted."): {
                "0": "sun",
                "1": "rain",
                "2": "fog",
            },
            say("It counts from 1."): {1: "sun", 2: "rain", 3: "fog"},
            say("The names are sorted; keep the order of the list."): {
                0: "fog",
                1: "rain",
                2: "sun",
            },
            say("Both dictionaries are there in the other order: id2label comes first."): {
                "sun": 0,
                "rain": 1,
                "fog": 2,
            },
        },
    )
    that(
        all(type(key) is int for key in id2label),
        say("The keys of id2label must be Python integers: NumPy's cannot be saved as JSON."),
    )
    equal(
        _in_order(label2id, {"sun": 0, "rain": 1, "fog": 2}),
        {"sun": 0, "rain": 1, "fog": 2},
        say("For the names sun, rain, fog, label2id"),
        {
            say("Its values are strings; integers are wanted."): {
                "sun": "0",
                "rain": "1",
                "fog": "2",
            },
            say("That is id2label again: swap keys and values."): {
                0: "sun",
                1: "rain",
                2: "fog",
            },
        },
    )
    that(
        all(type(number) is int for number in label2id.values()),
        say("The ids in label2id must be Python integers: NumPy's cannot be saved as JSON."),
    )
    given = say("For the names 'Joy', 'joy' and ' joy', the names in id2label")
    likely = say("Names that differ by a capital or a blank are different names; leave them alone.")
    several = ["Joy", "joy", " joy"]
    made = _in_order(runs(lambda: answer(several), given, likely)[0], dict(enumerate(several)))
    equal(list(made.values()), several, given, likely)
    raises(
        lambda: answer(["sun", "fog", "sun"]),
        ValueError,
        ("sun", "names"),
        say("The names sun, fog, sun"),
        say("A dict keeps only the last of two equal keys, without an error."),
    )


def _in_order(made: Any, wanted: Any) -> Any:
    """Return `wanted` if the dicts are equal: the order of a dict's keys does not matter."""
    return wanted if isinstance(made, dict) and made == wanted else made


@examples("weighted_cross_entropy")
def _(answer: Any) -> None:
    logits = torch.tensor([[0.0, 0.0], [0.0, float(np.log(3))]])
    labels, weights = torch.tensor([0, 1]), torch.tensor([1.0, 3.0])
    losses = [float(np.log(2)), float(np.log(4 / 3))]
    got = unchanged(answer, logits, labels, weights, given="weighted_cross_entropy")
    of_type(got, torch.Tensor, "weighted_cross_entropy")
    close(
        got,
        (losses[0] + 3 * losses[1]) / 4,
        say(
            "For two rows that cost {1} and {2} nats, with the weights 1 and 3, the weighted mean",
            f"{losses[0]:.3f}",
            f"{losses[1]:.3f}",
        ),
        {
            say("It divides by the number of rows. Divide by the sum of the weights used."): (
                losses[0] + 3 * losses[1]
            )
            / 2,
            say("That is the weighted sum. By what must it be divided?"): losses[0] + 3 * losses[1],
            say("The weights have no effect."): sum(losses) / 2,
            say("The sign is wrong: a loss is minus the log-probability."): -(
                losses[0] + 3 * losses[1]
            )
            / 4,
            say("That is one loss per row; one number is wanted."): losses,
            say("The log is to the base 2; nats are wanted (natural log)."): (
                (losses[0] + 3 * losses[1]) / 4 / float(np.log(2))
            ),
        },
        tolerance=1e-4,
    )
    close(
        answer(torch.zeros(2, 2), torch.tensor([1, 1]), torch.tensor([5.0, 2.0])),
        losses[0],
        say("For two rows of class 1 that cost 0.693 each, with the weights 5 and 2, the mean"),
        {
            say("It divides by the sum of all weights, of absent classes too."): losses[0] * 4 / 7,
            say("It divides by the number of rows."): losses[0] * 2,
        },
        tolerance=1e-4,
    )
    that(
        got.dtype == torch.float32,
        say(
            "The result must be float32; yours is {1}. Which of your tensors has another type?",
            got.dtype,
        ),
    )
    rows = torch.tensor([[0.0, float(np.log(3))]] * 3)
    close(
        answer(rows, torch.tensor([0, 1, 1]), torch.tensor([1.0, 3.0])),
        (float(np.log(4)) + 6 * losses[1]) / 7,
        say(
            "For three rows of the probabilities 1/4 and 3/4 with the labels 0 1 1 and the weights "
            "1 and 3, the mean"
        ),
        {
            say("Softmax runs over the rows of the batch. Classes lie along the last axis."): float(
                np.log(3)
            ),
            say("The weight of a row is that of its label, not of the predicted class."): (
                float(np.log(4)) + 2 * losses[1]
            )
            / 3,
            say("Here each class counts once; each of its rows must count."): (
                float(np.log(4)) + 3 * losses[1]
            )
            / 4,
        },
        tolerance=1e-4,
    )
    close(
        answer(torch.zeros(1, 3), torch.tensor([1]), torch.tensor([1.0, 1.0, 1.0])),
        float(np.log(3)),
        say("For one row of three equal logits, the mean"),
        {say("Softmax runs over the rows of the batch. Classes lie along the last axis."): 0.0},
        tolerance=1e-4,
    )
    far = torch.tensor([[10000.0, -10000.0], [0.0, 0.0]])
    close(
        answer(far, torch.tensor([1, 0]), torch.tensor([1.0, 1.0])),
        (20000 + losses[0]) / 2,
        say(
            "For logits of 10,000 and -10,000 with the unlikely label, and a row of zeros, the mean"
        ),
        {
            say("exp(10,000) is infinite. `log_softmax` does not need it."): np.nan,
            say(
                "Probabilities that are clamped cap the loss; `log_softmax` needs no clamp."
            ): 10.708207,
            say("log(0) is minus infinity: take `log_softmax`, not the log of a softmax."): np.inf,
        },
        tolerance=2e-3,
    )
    watched = torch.zeros(1, 2, requires_grad=True)
    got = answer(watched, torch.tensor([1]), torch.tensor([1.0, 2.0]))
    that(
        got.requires_grad,
        say(
            "No gradient can flow back: somewhere the tensor became a number or a "
            "NumPy array (`.item()`, `.detach()`, `.numpy()`)."
        ),
    )


@examples("linear_schedule")
def _(answer: Any) -> None:
    given = say("With 10 steps, 4 of warm-up and the peak 2.0")
    for step in (0, 4, 10, 13):
        of_type(answer(step, 10, 4, 2.0), float, say("{1} the rate at step {2}", given, step))
    close(
        answer(0, 10, 4, 2.0),
        0.0,
        say("{1} the rate at step 0", given),
        {
            say("It is one step ahead: the rate is 0 at step 0."): 0.5,
            say(
                "It is one step ahead, as (step + 1) / (warm-up + 1): the rate is 0 at step 0."
            ): 0.4,
            say("It starts at the peak: where is the warm-up?"): 2.0,
        },
    )
    close(
        answer(1, 10, 4, 2.0),
        0.5,
        say("{1} the rate at step 1", given),
        {
            say("It is one step ahead."): 1.0,
            say("It rises over all steps instead of over the warm-up."): 0.2,
            say("The peak is left out: that is a share of it."): 0.25,
            say("It falls from the start: where is the warm-up?"): 1.8,
        },
    )
    close(
        answer(4, 10, 4, 2.0),
        2.0,
        say("{1} the rate at step 4", given),
        {say("On the way down, divide by the steps after warm-up, not by all steps."): 1.2},
    )
    close(
        answer(5, 10, 4, 2.0),
        10 / 6,
        say("{1} the rate at step 5", given),
        {
            say("It falls like a cosine; a straight line is wanted."): 1.8660254,
            say("It stays at the peak after warm-up."): 2.0,
            say("It reaches 0 one step early."): 1.6,
            say("It keeps rising after warm-up."): 2.5,
        },
    )
    close(
        answer(7, 10, 4, 2.0),
        1.0,
        say("{1} the rate at step 7", given),
        {
            say("On the way down, divide by the steps after warm-up, not by all steps."): 0.6,
            say("It reaches 0 one step early."): 0.8,
            say("That is how far it has fallen, in shares of the peak."): 0.5,
            say("It is one step ahead."): 2.0 * 2 / 6,
            say("It keeps rising after warm-up."): 3.5,
        },
    )
    close(
        answer(13, 10, 4, 2.0),
        0.0,
        say("{1} the rate at step 13", given),
        {say("Past the end it falls below zero: stop at 0."): -1.0},
    )
    try:
        start = answer(0, 10, 0, 2.0)
    except ZeroDivisionError:
        that(
            False,
            say("Without warm-up (0 steps) your code divides by 0. Is step 0 before its end?"),
        )
    close(
        start,
        2.0,
        say("Without warm-up (0 steps) the rate at step 0"),
        {say("It starts at 0, though there is no warm-up."): 0.0},
    )


class _OneWeight(torch.nn.Module):
    """loss = weight * x, whose gradient is x; the model records what is done to it."""

    def __init__(self, gradient_before: float = 0.0) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor([1.0]))
        self.bias = torch.nn.Parameter(torch.tensor([0.0]))
        self.weight.grad = torch.tensor([gradient_before])
        self.bias.grad = torch.tensor([gradient_before])
        self.dropout = torch.nn.Dropout(0.0)  # a part with its own mode
        self.modes: list[bool] = []
        self.eval()

    def forward(self, x: Any, y: Any, labels: Any) -> Any:
        self.modes.append(self.training and self.dropout.training)
        loss = (self.weight * x + self.bias * y).sum()
        return SequenceClassifierOutput(loss=loss, logits=torch.zeros(1, 2))


def _step(answer: Any, x: float, y: float = 0.0, before: float = 0.0, **options: Any) -> Any:
    model = _OneWeight(before)
    groups = [{"params": [model.weight]}, {"params": [model.bias]}]
    optimizer = torch.optim.SGD(groups, lr=1.0)
    batch = {"x": torch.tensor([x]), "y": torch.tensor([y]), "labels": torch.tensor([0])}
    loss = answer(model, batch, optimizer, **options)
    that(
        sorted(batch) == ["labels", "x", "y"],
        say("training_step changes the batch: afterwards it holds {1}.", ", ".join(sorted(batch))),
    )
    return loss, model


@examples("training_step")
def _(answer: Any) -> None:
    loss, model = _step(answer, 0.25)
    of_type(loss, float, "training_step")
    given = say("With the loss 0.25 × weight, the weight 1.0 and a learning rate of 1")
    close(
        loss,
        0.25,
        say("{1}, the loss returned", given),
        {
            say("That is the loss after the step: return the one before."): 0.1875,
        },
    )
    that(
        model.modes != [],
        say("The model was never called: its forward pass is `model(**batch)`."),
    )
    that(
        len(model.modes) == 1,
        say("One step needs one forward pass; yours makes {1}.", len(model.modes)),
    )
    that(
        model.modes[0],
        say(
            "The forward pass ran in evaluation mode, without dropout: `model.train()` comes first."
        ),
    )
    close(
        model.weight,
        [0.75],
        say("{1}, the weight after the step", given),
        {
            say(
                "It did not move. Does the optimizer step, and are gradients cleared "
                "before the backward pass rather than after it?"
            ): [1.0],
            say("It moved twice as far: is there more than one step or backward pass?"): [0.5],
            say("It moved uphill."): [1.25],
            say("Gradients whose norm is below the limit stay as they are."): [0.0],
        },
    )
    _, model = _step(answer, 0.5, before=0.25)
    close(
        torch.cat([model.weight, model.bias]),
        [0.5, 0.0],
        say("If gradients of 0.25 are left over from before, the two weights after the step"),
        {
            say("The old gradient was added to the new one: clear the gradients first."): [
                *(0.25, -0.25)
            ],
            say("They did not move: gradients are cleared between backward and step."): [1.0, 0.0],
            say("Only the old gradients were applied."): [0.75, -0.25],
            say("Clear the gradients of every group of the optimizer."): [0.5, -0.25],
        },
    )
    _, model = _step(answer, 3.0, 4.0)
    close(
        torch.cat([model.weight, model.bias]),
        [0.4, -0.8],
        say(
            "For the gradients 3 and 4 (norm 5) and the limit 1, the two weights (1 "
            "and 0 before) afterwards"
        ),
        {
            say("The gradients were not clipped, or only after the step."): [-2.0, -4.0],
            say(
                "Each value, or each parameter, was clipped by itself. Their common norm "
                "is 5: scale all of them by 1/5."
            ): [0.0, -1.0],
            say("The parameters of the optimizer's first group are not all there are."): [
                *(0.0, -4.0)
            ],
        },
        tolerance=1e-4,
    )
    _, model = _step(answer, 3.0, 4.0, max_grad_norm=2.5)
    close(
        torch.cat([model.weight, model.bias]),
        [-0.5, -2.0],
        say("For the gradients 3 and 4 (norm 5) and max_grad_norm=2.5, the two weights afterwards"),
        {say("The limit stays at 1 whatever max_grad_norm says."): [0.4, -0.8]},
        tolerance=1e-4,
    )


@examples("paired_bootstrap")
def _(answer: Any) -> None:
    _expect_three_rows(answer)
    rows = say("For twenty rows, all right for b and all but one for a, the two percentiles")
    likely = say(
        "Each resample needs as many rows as there are, drawn with replacement from all of them."
    )
    _, *bounds = answer([1] * 19 + [0], [1] * 20, draws=8000)
    close(bounds, [0.0, 0.15], rows, likely)
    _expect_forms(answer)
    _expect_seeds(answer)
    mentions = ("correct_a", "correct_b", "row", "length", "size", "shape", "empty")
    for a, b, given, likely in (
        (
            [True, False, True],
            [True, False],
            say("Three rows for a and two for b"),
            say("`zip` stops at the shorter one: compare the lengths first."),
        ),
        (
            [True],
            [True, False],
            say("One row for a and two for b"),
            say("NumPy repeats a single row as often as needed: compare the lengths first."),
        ),
        ([], [], say("No rows"), say("The mean of nothing is NaN, without an error.")),
    ):
        lengths = (str(len(a)), str(len(b))) if a else ()
        raises(lambda a=a, b=b: answer(a, b), ValueError, (*mentions, *lengths), given, likely)
    halves = np.arange(10_000) % 2 == 0
    taken = _took(answer, halves)
    if taken > SLOWEST:  # a busy machine is no reason to fail: it slows five rows, too
        taken = min(taken, _took(answer, halves))
        that(
            taken <= max(SLOWEST, 100 * _took(answer, halves[:5])),
            say(
                "10,000 rows and 2,000 draws take {1} seconds; one is the limit. Draw the rows of "
                "a resample with one call of NumPy, not one by one.",
                f"{taken:.1f}",
            ),
        )


SLOWEST = 3.0
"""In seconds. The message says one second, but a busy computer may take longer."""


def _took(answer: Any, rows: Any) -> Any:
    started = time.perf_counter()
    answer(rows, ~rows)
    return time.perf_counter() - started


def _expect_three_rows(answer: Any) -> None:
    """Try three rows, of which b gains one: mistakes in the bounds show for every draw."""
    got = unchanged(answer, [1, 0, 0], [1, 1, 0], 8000, given="paired_bootstrap")
    of_type(got, tuple, "paired_bootstrap")
    that(
        len(got) == 3,
        say("paired_bootstrap must return three numbers; yours returns {1}.", len(got)),
    )
    given = say("For three rows, of which a has the first right and b the first two")
    for value in got:
        of_type(value, float, say("{1}, each of the three numbers", given))
    difference, lower, upper = got
    close(
        difference,
        1 / 3,
        say("{1}, the difference of the accuracies", given),
        {
            say("That is a minus b; b minus a is wanted."): -1 / 3,
            say("That is a number of rows; an accuracy is a share of them."): 1.0,
            say("That is a percentage; a share from 0 to 1 is wanted."): 100 / 3,
            say("Is that a percentile? The difference on all rows comes first."): 0.0,
        },
    )
    close(
        [lower, upper],
        [0.0, 1.0],
        say("{1}, the two percentiles", given),
        _cause_of_bounds(lower, upper),
    )


def _cause_of_bounds(lower: Any, upper: Any) -> Any:
    apart = say("Are the rows of a and b drawn separately? Draw once, for both.")
    causes = {
        (1.0, 0.0): say("The 2.5th percentile comes before the 97.5th."),
        (-1.0, 0.0): say("They are those of a minus b; b minus a is wanted."),
        (0.0, 2 / 3): say("The 5th and the 95th? The 2.5th and the 97.5th are wanted."),
        (0.0, 0.0): say("`np.percentile` counts from 0 to 100, `np.quantile` from 0 to 1."),
        (-1 / 3, 1.0): apart,
        (-2 / 3, 1.0): apart,
        (-1 / 3, 2 / 3): say("Percentiles of the drawn differences are wanted as they are."),
        (-1 / 3, 1 / 3): say("They lie around 0, as if the models did not differ."),
        (0.061, 0.605): say("That is one standard error to either side; percentiles are wanted."),
        (-0.2, 0.867): say("A normal approximation? Take percentiles of the drawn differences."),
    }
    for bounds, cause in causes.items():
        if np.allclose([lower, upper], bounds, atol=0.03):
            return cause
    if lower == upper:
        return say(
            "Every resample gives the same difference. Rows are drawn with replacement, anew for "
            "each one."
        )
    return say("If you pick them by place, are the differences sorted?")


def _expect_forms(answer: Any) -> None:
    """Expect the same result for lists, arrays and Series: eight rows, of which b gains two."""
    a, b = np.array([True, False] * 4), np.array([True, False] * 2 + [True] * 4)
    shifted = pd.Series(a.astype(int), index=range(3, 11)), pd.Series(b, index=range(8)[::-1])
    subtract = say(
        "NumPy does not subtract booleans: `np.asarray(…, dtype=float)` makes numbers of them."
    )
    align = say("Rows belong together by their place. What does `np.asarray` do with an index?")
    for value in answer([1, 0], [1, 0]):
        of_type(value, float, say("Where the models never differ, each of the three numbers"))
    for given, pair, likely in (
        (say("For arrays of booleans"), (a, b), subtract),
        (say("For arrays of 0 and 1"), (a.astype(int), b.astype(int)), ""),
        (say("For lists of NumPy's booleans"), (list(a), list(b)), subtract),
        (say("For a list and an array"), (a.tolist(), b), subtract),
        (say("For two Series with different indexes"), shifted, align),
    ):
        what = say("{1}, the difference", given)
        got = runs(
            lambda pair=pair, given=given: unchanged(answer, *pair, given=given), what, likely
        )
        close(got[0], 0.25, what, likely)
        that(
            all(-1 <= bound <= 1 for bound in got[1:]),
            joined(say("{1}, a percentile is not between -1 and 1.", given), likely),
        )


def _expect_seeds(answer: Any) -> None:
    halves = np.arange(1000) % 2 == 0
    seeds = range(0, 72_000, 9_000)
    found = {seed: answer(halves, ~halves, draws=40, seed=seed) for seed in seeds}
    for seed in (0, 9_000):
        that(
            answer(halves, ~halves, draws=40, seed=seed) == found[seed],
            say(
                "Two calls with seed={1} give two results. Make a generator from `seed` within the "
                "function, also if it is 0.",
                seed,
            ),
        )
    that(
        answer(halves, ~halves, draws=400, seed=0) != found[0],
        say("40 and 400 draws give the same. Is `draws` used?"),
    )
    that(
        len(set(found.values())) > 3,
        say(
            "Eight seeds give only {1} different results. Is `seed` used?",
            len(set(found.values())),
        ),
    )


@examples("fastest_within")
def _(answer: Any) -> None:
    trials = pd.DataFrame(
        {"name": ["a", "b", "c"], "f1": [0.90, 0.88, 0.70], "seconds": [60.0, 30.0, 5.0]},
        index=[7, 8, 9],
    )
    given = say("For f1 a 0.90, b 0.88, c 0.70 and seconds a 60, b 30, c 5")
    equal(
        unchanged(lambda frame: answer(frame, tolerance=0.03), trials, given="fastest_within"),
        "b",
        say("{1} and tolerance=0.03, the answer", given),
        {
            say("That is the best f1, whatever it costs."): "a",
            say("That is the quickest of all: it lies 0.20 below the best."): "c",
            say("That is the whole row; only its name is wanted."): trials.iloc[1],
        },
    )
    equal(
        answer(trials),
        "a",
        say("{1} and `tolerance` left at its default, the answer", given),
        {say("b lies 0.02 below the best, more than 0.005."): "b"},
    )
    binary = pd.DataFrame({"name": ["x", "y"], "f1": [0.75, 0.5], "seconds": [2.0, 1.0]})
    equal(
        answer(binary, tolerance=0.25),
        "y",
        say(
            "If a trial lies exactly `tolerance` below the best (0.75 and 0.5, "
            "tolerance 0.25), the answer"
        ),
        {
            say(
                "`<` leaves it out, `<=` does not; and the tolerance is a distance, not a share of "
                "the best."
            ): "x"
        },
    )
    shared = say("{1}, tolerance=0.03 and an index that is 7 in every row, the answer", given)
    likely = say("Rows that share an index are rows all the same: go by place, not by index.")
    repeating = trials.set_axis([7, 7, 7])
    equal(runs(lambda: answer(repeating, tolerance=0.03), shared, likely), "b", shared, likely)
    tied = pd.DataFrame(
        {"name": ["p", "q", "b"], "f1": [0.80, 0.81, 0.81], "seconds": [9.0, 9.0, 9.0]},
        index=[6, 5, 4],
    )
    equal(
        answer(tied, tolerance=0.05),
        "q",
        say("For equal seconds and f1 p 0.80, q 0.81, b 0.81, the answer"),
        {
            say("Of equal seconds the better f1 wins."): "p",
            say("Of equal seconds and equal f1 the first row wins."): "b",
        },
    )
    others = pd.DataFrame(
        {
            "seconds": [9.0, 3.02, 3.01, 1.0],
            "rate": [1e-4, 1e-4, 5e-5, 2e-5],
            "f1": [0.9, 0.897, 0.896, 0.8949],
            "name": ["Large", "Base ", "Large", "small"],
        }
    )
    given = say(
        "For the columns seconds, rate, f1 and name, with seconds 9, 3.02, 3.01, 1, f1 0.9, 0.897, "
        "0.896, 0.8949, the names 'Large', 'Base ', 'Large', 'small'"
    )
    for rows, expected in ((others, "Large"), (others.drop(2), "Base ")):
        equal(
            answer(rows),
            expected,
            given if expected == "Large" else say("{1}, without the third trial", given),
            {
                say("0.8949 is more than 0.005 below the best."): "small",
                say(
                    "Every row is a trial, also where a name comes twice; 3.01 is less than 3.02."
                ): ("Base "),
                say("The name is wanted as it is."): expected.strip().lower(),
                say("Columns go by their names, not by their places."): rows["seconds"].iloc[-1],
            },
        )


@examples("emotion_predictions")
def _(answer: Any) -> None:
    that(
        isinstance(answer, np.ndarray),
        say(
            "emotion_predictions must be a NumPy array; yours is of type {1}. "
            "`.numpy()` turns a tensor into one, `np.array(…)` a list.",
            type(answer).__name__,
        ),
    )
    hint = say("Did you keep the logits? `argmax(axis=-1)`.") if answer.ndim == 2 else ""
    text = say(
        "Expected one label id for each of the 2,000 test messages; yours has the shape {1}.",
        answer.shape,
    )
    that(answer.shape == (2000,), joined(text, hint))
    that(
        np.issubdtype(answer.dtype, np.integer),
        say("Label ids are integers; yours have the dtype {1}.", answer.dtype),
    )
    low, high = int(answer.min()), int(answer.max())
    that(
        low >= 0 and high <= 5,
        say("Label ids run from 0 to 5; yours from {1} to {2}.", low, high),
    )
    counts = np.bincount(answer, minlength=6)
    that(
        counts.max() < len(answer),
        say("Every message gets the label {1}: one class for all earns nothing.", counts.argmax()),
    )
    that(
        _agrees_with_words(answer),
        say(
            "Your predictions agree with a simple count of words no more often than by chance. Are "
            "they in the order of the test split? Section 6 shows how they lose it. If they are, "
            "look at the score on validation: a model that has learnt nothing gives the same."
        ),
    )


def _agrees_with_words(predicted: Any) -> Any:
    """Tell whether predictions are related to the test messages, without using their labels.

    They are compared with naive Bayes on word counts, for each copy of the data. Cohen's kappa
    above 0.1 in one of them is enough; predictions that earn points have far more.
    """
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.metrics import cohen_kappa_score
    from sklearn.naive_bayes import MultinomialNB
    from sklearn.pipeline import make_pipeline

    copies = copies_at_hand("emotion")
    for splits in copies.values():
        train, test = splits["train"], splits["test"]
        words = make_pipeline(CountVectorizer(), MultinomialNB())
        words.fit(train["text"][:], train["label"][:])
        if cohen_kappa_score(words.predict(test["text"][:]), predicted) > 0.1:
            return True
    return not copies
