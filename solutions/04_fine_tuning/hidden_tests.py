"""Hidden tests of lesson 4."""

import math
import time

import numpy as np
import pandas as pd
import torch
from scipy.special import betaincinv

from grading.predictions import share_of_points
from grading.standins import Backward, Descent, Evaluation, Trainee
from grading.testing import (
    COARSE,
    FLOAT32,
    awkward,
    close,
    equal,
    grades,
    has_json_type,
    has_type,
    raises,
    that,
    unchanged,
)
from helpers.data import copies_at_hand


def _f1_by_class(truth, predicted):
    """Return the F1 of every class that occurs, and how many rows truly have it."""
    scores, sizes = {}, {}
    for label in sorted({*truth.tolist(), *predicted.tolist()}):
        hits = int(np.sum((truth == label) & (predicted == label)))
        sizes[label] = int(np.sum(truth == label))
        scores[label] = 2 * hits / (sizes[label] + int(np.sum(predicted == label)))
    return scores, sizes


@grades("compute_metrics")
def _(answer, rng):
    def expect(predictions, truth, logits, what):
        got = unchanged(answer, (predictions, truth))
        compare(got, truth, logits, what)
        given = Evaluation("evaluation", predictions, truth)
        compare(evaluated(given), truth, logits, f"an EvalPrediction, {what}")

    def evaluated(given):
        got = answer(given)
        (after,) = (call for call in answer.calls if call["of"] == "evaluation afterwards")
        changed = " and ".join(after["changed"])
        that(not changed, f"The EvalPrediction's {changed} differ after the call.")
        return got

    def compare(got, truth, logits, what):
        has_type(got, dict, f"{what}: the result")
        equal(sorted(got), ["accuracy", "f1"], f"{what}: the keys, sorted")
        chosen = np.array([int(np.argmax(row)) for row in logits])
        scores, sizes = _f1_by_class(truth, chosen)
        weighted = sum(scores[label] * sizes[label] for label in scores) / len(truth)
        for key, value in got.items():
            has_json_type(value, float, f"{what}: the type of {key}")
        close(got["accuracy"], float(np.mean(chosen == truth)), f"{what}: accuracy")
        close(got["f1"], weighted, f"{what}: weighted F1", likely="another average")

    logits = rng.normal(size=(60, 4)).astype(np.float32)
    truth = rng.choice(4, size=60, p=[0.55, 0.25, 0.15, 0.05])
    logits[np.arange(60), truth] += 1.0
    expect(logits, truth, logits, "a tuple of logits and labels")
    states = rng.normal(size=(60, 3, 2))
    expect((logits, states), truth, logits, "predictions that are a tuple, logits first")
    expect((logits,), truth, logits, "predictions that are a tuple of logits alone")
    more = rng.normal(size=(60, 4))
    expect((logits, more, states), truth, logits, "a tuple of logits and more of their shape")
    two, either = rng.normal(size=(60, 2)), rng.permutation([0] * 45 + [1] * 15)
    expect(two, either, two, "two classes")
    expect(logits[:1], truth[:1], logits[:1], "one row")
    expect(-np.abs(logits), truth, -np.abs(logits), "logits that are all negative")
    expect(logits * 1e4, truth, logits, "logits of up to ±1e4")
    never = logits.copy()
    never[:, 3] = -50.0
    expect(
        never,
        truth,
        never,
        "a class that is never predicted",
    )
    only = np.full(60, 2)
    expect(logits, only, logits, "labels of one class alone")
    right = np.argmax(logits, axis=1)
    expect(logits, right, logits, "every row right: 1.0 is a float, too")
    expect(logits, (right + 1) % 4, logits, "every row wrong: 0.0 is a float, too")
    expect(logits, truth + 1, logits, "a class that no logit stands for")
    expect(logits.astype(np.float16), truth, logits.astype(np.float16), "logits in float16")
    for what, more in (
        ("inputs", {"inputs": rng.integers(9, size=(60, 5))}),
        ("losses", {"losses": rng.random(60)}),
        ("inputs and losses", {"inputs": rng.integers(9, size=(60, 5)), "losses": rng.random(60)}),
    ):
        for predictions in (logits, (logits, states)):
            given = Evaluation("evaluation", predictions, truth, **more)
            compare(evaluated(given), truth, logits, f"an EvalPrediction that holds {what}, too")


@grades("label_maps")
def _(answer, rng):
    for count in (1, 2, 7, 12):
        _check_maps(answer, awkward.names(rng, count), f"{count} names")
    _check_maps(answer, ["Joy", "joy"], "upper and lower case are two names")
    _check_maps(answer, ["joy", " joy", "joy "], "blanks make other names")
    _check_maps(answer, ["\xe9t\xe9", "e\u0301te\u0301"], "an accent of its own makes another name")
    names = awkward.names(rng, 7)
    first, last = int(rng.integers(1, 6)), names[-1]
    for repeating, what in (
        ([*names, names[first]], "the last of eight names is one of the others"),
        ([names[0], *names], "the first two names are equal"),
        ([last, last], "two names that are equal"),
        ([last] * 3, "three names that are equal"),
    ):
        raises(
            answer,
            repeating,
            error=ValueError,
            mentions=("names", *{name for name in repeating if repeating.count(name) > 1}),
            what=what,
        )


def _check_maps(answer, names, what):
    got = unchanged(answer, names)
    has_type(got, tuple, f"{what}: the result")
    equal(len(got), 2, f"{what}: the number of dictionaries")
    for made, kind in zip(got, ("id2label", "label2id"), strict=True):
        has_type(made, dict, f"{what}: {kind}")
    id2label, label2id = got
    numbers = [*id2label, *label2id.values()]
    for number in numbers:
        has_json_type(number, int, f"{what}: the type of an id")
    for name in (*id2label.values(), *label2id):
        has_type(name, str, f"{what}: the type of a name")
    likely = "counted from 1, another order, or the two dictionaries exchanged"
    by_id = [id2label.get(number) for number in range(len(names))]
    equal(by_id, names, f"{what}: the names that id2label has for 0, 1, …", likely)
    by_name = [label2id.get(name) for name in names]
    equal(by_name, list(range(len(names))), f"{what}: the ids that label2id has", likely)
    equal([len(id2label), len(label2id)], [len(names)] * 2, f"{what}: the sizes of both")


def _weighted_mean(logits, labels, weights):
    """Average row by row in float64, the largest logit taken out first."""
    total, used = 0.0, 0.0
    for row, label in zip(logits.double().tolist(), labels.tolist(), strict=True):
        highest = max(row)
        log_sum = highest + math.log(sum(math.exp(value - highest) for value in row))
        total += float(weights[label]) * (log_sum - row[label])
        used += float(weights[label])
    return total / used


@grades("weighted_cross_entropy")
def _(answer, rng):
    def draw(rows, classes, scale=1.0):
        logits = torch.tensor(rng.normal(size=(rows, classes), scale=scale), dtype=torch.float32)
        labels = torch.tensor(rng.integers(classes, size=rows))
        weights = torch.tensor(rng.uniform(0.2, 5.0, size=classes), dtype=torch.float32)
        return logits, labels, weights

    def expect(case, what, likely="", tolerance=FLOAT32):
        got = unchanged(answer, *case)
        that(isinstance(got, torch.Tensor), f"{what}: expected a tensor, got {type(got).__name__}.")
        that(got.dtype == torch.float32, f"{what}: expected float32, got {got.dtype}.")
        close(got, _weighted_mean(*case), what, likely, tolerance)

    expect(draw(20, 5), "random logits, labels and weights", "the divisor, or the weights' index")
    logits, labels, weights = draw(12, 4)
    expect(
        (logits, labels % 2, weights), "classes 2 and 3 are absent", "all weights in the divisor"
    )
    expect((logits, labels, torch.ones(4)), "weights of 1")
    expect((logits, labels, weights * 100), "the weights' scale cancels out", "rows as the divisor")
    expect((logits, labels, weights * 1e-6), "small weights cancel out", "a lower bound below")
    expect(draw(1, 3), "one row: its weight cancels out", "rows as the divisor")
    expect(draw(5, 5), "as many rows as classes", "softmax over the rows")
    expect((logits, torch.full((12,), 2), weights), "all labels are one class", "its weight stays")
    zero = weights.clone()
    zero[1] = 0.0
    expect((logits, torch.tensor([1] * 6 + [0, 2, 3] * 2), zero), "a class of weight 0")
    overflows = "exp overflows, or logits or losses are cut off"
    expect(draw(9, 3, scale=1e4), "logits of about ±1e4", overflows, tolerance=COARSE)
    far = torch.tensor([[1e4, -1e4, 0.0], [-1e4, 1e4, 0.0]])
    expect((far, torch.tensor([1, 1]), torch.tensor([1.0, 2.0, 3.0])), "±1e4", "log(0)", COARSE)
    expect(
        (logits + 500.0, labels, weights),
        "all logits shifted by 500",
        "exp overflows",
        COARSE,
    )
    _expect_gradients(answer, *draw(6, 3))


def _expect_gradients(answer, logits, labels, weights):
    logits.requires_grad_(True)
    that(
        answer.used(Backward(), logits, labels, weights),
        "The result must be differentiable: no .item(), .detach() or NumPy on the way.",
    )
    given = answer.arguments[0].grad
    that(given is not None, "Gradients must reach the logits that were handed over.")
    shares = torch.softmax(logits.detach().double(), dim=1)
    shares[torch.arange(len(labels)), labels] -= 1.0
    used = weights[labels].double()
    close(given, shares * (used / used.sum())[:, None], "the gradient with respect to the logits")


@grades("linear_schedule")
def _(answer, rng):
    def expect(step, total, warmup, peak, likely=""):
        up = step / warmup if warmup else 1.0
        share = min(up, max(0.0, (total - step) / (total - warmup)))
        what = f"step {step} of {total} with {warmup} of warm-up and the peak {peak}"
        got = answer(step, total, warmup, peak)
        has_type(got, float, what)
        # In shares of the peak, so that a small one asks for as many digits; float32 has them.
        close(got / peak, share, f"{what}, the rate divided by the peak", likely, tolerance=1e-6)

    for peak in awkward.shuffled(rng, [1e-4, 5e-5, 0.3, 2.0]):
        total = int(rng.integers(20, 2000))
        warmup = int(rng.integers(2, total - 2))
        for step in (0, 1, warmup - 1, warmup, warmup + 1, total - 1, total):
            expect(step, total, warmup, peak)
        expect(int(rng.integers(warmup, total)), total, warmup, peak)
        expect(total + int(rng.integers(1, 50)), total, warmup, peak, "past the end it is 0")
    expect(0, 10, 0, 0.5, "without warm-up it starts at the peak")
    expect(5, 10, 0, 0.5)
    expect(10, 10, 0, 0.5)
    expect(1, 1, 0, 0.5)
    expect(0, 1, 0, 0.5)
    expect(8, 10, 9, 0.5)
    expect(9, 10, 9, 0.5, "the peak is at `warmup_steps` itself")
    by_name = answer(step=3, total_steps=12, warmup_steps=6, peak=1.0)
    close(by_name, 0.5, "arguments by name")
    for warmup in (0, 3):
        for step in (10, 11, 500):
            expect(step, 10, warmup, 0.5, "0 from the end on, as a float")


def _batch(rng, rows, places=6):
    mask = np.arange(places) < rng.integers(1, places + 1, size=rows)[:, None]
    batch = {
        "input_ids": torch.tensor(rng.integers(12, size=(rows, places)) * mask),
        "attention_mask": torch.tensor(mask.astype(int)),
        "labels": torch.tensor(rng.integers(3, size=rows)),
    }
    return awkward.shuffled_dict(rng, batch)


def _loss_and_gradients(trainee, batch):
    model = trainee.build([]).train()
    model.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    parts = {name: part.grad for name, part in model.named_parameters()}
    norm = math.sqrt(
        sum(float((grad.double() ** 2).sum()) for grad in parts.values() if grad is not None)
    )
    return loss.item(), parts, norm


def _expect_step(answer, trainee, batch, limit, options, what):
    loss, gradients, norm = _loss_and_gradients(trainee, batch)
    descent = Descent("optimizer", learning_rate=0.3, head_rate=0.2)
    got = unchanged(answer, trainee, batch, descent, **options)
    has_type(got, float, f"{what}: the type of the loss")
    likely = "the loss after it, a rounded one, one of your own, or items of the batch left out"
    close(got, loss, f"{what}: the loss before the step", likely, 1e-5)
    forwards = [call for call in answer.calls if call.get("method") == "forward"]
    steps = [call for call in answer.calls if call.get("method") == "step"]
    equal(len(forwards), 1, f"{what}: the number of forward passes")
    that(
        forwards[0]["training"],
        f"{what}: the forward pass must run in training mode, every part of the model.",
    )
    equal(len(steps), 1, f"{what}: the number of optimizer steps")
    scale = min(1.0, limit / norm)
    before = dict(trainee.build([]).named_parameters())
    for name, gradient in gradients.items():
        used = steps[0]["gradients"][name]
        if gradient is None:
            zero = used is None or not np.any(used)
            that(
                zero,
                f"{what}: {name} is not part of the loss, and its gradient must be none or 0. "
                "Likely: gradients of the step before are still there.",
            )
            continue
        that(used is not None, f"{what}: at the optimizer's step {name} has no gradient.")
        close(
            used,
            gradient * scale,
            f"{what}: the gradient of {name} at the optimizer's step",
            "not cleared before, not clipped (by the norm of all parameters together), or both",
            FLOAT32,
        )
        rate = descent.head_rate if name.startswith("head") else descent.learning_rate
        moved = before[name].detach() - rate * scale * gradient
        close(steps[0]["weights"][name], moved, f"{what}: {name} after the step", "", FLOAT32)


@grades("training_step")
def _(answer, rng):
    seed = int(rng.integers(1_000_000))
    clean, stale = Trainee("model", seed=seed), Trainee("model", seed=seed, left_over=0.7)
    batch = _batch(rng, rows=5)
    _, _, norm = _loss_and_gradients(clean, batch)
    wide, tight = {"max_grad_norm": norm * 10}, {"max_grad_norm": norm / 4}
    _expect_step(answer, clean, batch, norm * 10, wide, "gradients below the limit")
    _expect_step(answer, stale, batch, norm * 10, wide, "gradients left over from before")
    _expect_step(answer, clean, batch, norm / 4, tight, "gradients above the limit")
    _expect_step(answer, stale, batch, norm / 4, tight, "left over, and above the limit")
    typed = {**batch, "token_type_ids": torch.tensor(rng.integers(2, size=(5, 6)))}
    _, _, norm = _loss_and_gradients(clean, typed)
    tight = {"max_grad_norm": norm / 3}
    _expect_step(answer, clean, typed, norm / 3, tight, "a batch with token_type_ids")
    single = _batch(rng, rows=1)
    _expect_step(answer, stale, single, 1.0, {}, "one row, with the default limit")
    loud = _loudest(clean, _batch(rng, rows=16))
    _expect_step(answer, clean, loud, 1.0, {}, "the default limit of 1")


def _loudest(trainee, batch):
    """Return a batch of one row over and over: the one with the largest gradients, above 1."""
    rows = ({name: values[[row] * 4] for name, values in batch.items()} for row in range(16))
    return max(rows, key=lambda same: _loss_and_gradients(trainee, same)[2])


# Of a right answer's percentile to lie outside `_percentile_bounds`, at either end.
CHANCE_OF_ERROR = 1e-8
SLOWEST = 3.0
"""Seconds: more than the limit that is told, for machines that are busy."""


def _percentile_bounds(better, worse, rows, draws, share):
    """Return between which differences a percentile of so many draws lies, however they are made.

    The difference of a resample, in rows, is a sum of independent steps of 1, 0 and -1, whose
    distribution is computed exactly. Of n draws the r-th smallest lies where that distribution
    reaches a share that is itself distributed as Beta(r, n - r + 1). Usual percentiles differ by
    two places at most.
    """
    step = np.array([worse, rows - better - worse, better]) / rows
    reached = np.fft.ifft(np.fft.fft(step, 2 * rows + 1) ** rows).real.cumsum()
    first = max(1, math.floor(share * draws) - 1)
    last = min(draws, math.ceil(share * draws) + 2)
    ends = [
        betaincinv(first, draws - first + 1, CHANCE_OF_ERROR),
        betaincinv(last, draws - last + 1, 1 - CHANCE_OF_ERROR),
    ]
    return (np.minimum(np.searchsorted(reached, ends), 2 * rows) - rows) / rows


def _answered_rows(rng, both, neither, better, worse):
    """Return which of two models is right on each row, in random order, as arrays of booleans."""
    kinds = np.repeat([[1, 1], [0, 0], [0, 1], [1, 0]], [both, neither, better, worse], axis=0)
    return rng.permutation(kinds).T.astype(bool)


def _expect_interval(answer, a, b, what, likely="", **options):
    """Expect the difference, and percentiles that the draws can have."""
    right_a, right_b = (np.array(list(given), dtype=int) for given in (a, b))
    rows, draws = len(right_a), options.get("draws", 2000)
    better, worse = int(np.sum(right_b > right_a)), int(np.sum(right_b < right_a))
    got = unchanged(answer, a, b, **options)
    has_type(got, tuple, f"{what}: the result")
    equal(len(got), 3, f"{what}: the number of results")
    for value, name in zip(got, ("difference", "lower bound", "upper bound"), strict=True):
        has_type(value, float, f"{what}: the {name}")
    difference = (better - worse) / rows
    close(got[0], difference, f"{what}: the difference on all rows, b minus a", likely, 1e-6)
    for bound, percent in zip(got[1:], (2.5, 97.5), strict=True):
        low, high = _percentile_bounds(better, worse, rows, draws, percent / 100)
        wanted = f"{low:.4f}" if low == high else f"between {low:.4f} and {high:.4f}"
        usual = (
            "rows drawn separately for a and b, fewer than there are, or without replacement; "
            "or other percentiles"
        )
        that(
            low - 1e-6 <= float(bound) <= high + 1e-6,
            f"{what}: of {rows} rows b gains {better} and loses {worse}, so that the {percent}th "
            f"percentile of {draws:,} draws is {wanted}; got {float(bound):.4f}. "
            f"Likely: {likely or usual}.",
        )


@grades("paired_bootstrap")
def _(answer, rng):
    def draw(both, neither, better, worse):
        return _answered_rows(rng, both, neither, better, worse)

    def expect(kinds, what, likely="", **options):
        _expect_interval(answer, *draw(*kinds), what, likely, **options)

    better, worse = (int(count) for count in rng.permutation([22, 9]) + rng.integers(4, size=2))
    started = time.monotonic()
    expect((180, 190, better, worse), "two models that mostly agree", draws=4000)
    took = time.monotonic() - started
    # The more draws, the closer are the percentiles that can be told apart; slow answers get fewer.
    some, many = (8000, 50_000) if took < 0.5 else (3000, 5000)
    expect((0, 0, 150 + better, 150 + worse), "two models that never agree", draws=some)
    expect((97, 100, 3, 0), "b gains three rows of 200 and loses none", draws=some)
    expect((60, 37, 0, 3), "b loses three rows of 100 and gains none", draws=some)
    _expect_quick(answer, draw(4200, 2800, 1600, 1400))
    expect((3, 3, 7, 1), "fourteen rows", draws=many)
    if took < 0.1:
        expect((2, 2, 2, 4), "ten rows", draws=600_000)
    _expect_forms_of_rows(answer, rng, draw(14, 13, 8, 5))
    for kinds, what in (
        ((0, 0, 1, 0), "one row that b gains"),
        ((0, 0, 0, 1), "one row that b loses"),
        ((1, 0, 0, 0), "one row that both get right"),
        ((7, 5, 0, 0), "models that never differ: 0.0 is a float, too"),
        ((9, 0, 0, 0), "models that are always right"),
        ((0, 9, 0, 0), "models that are always wrong"),
        ((0, 0, 12, 0), "b right and a wrong on every row: 1.0 is a float, too"),
        ((0, 0, 0, 12), "a right and b wrong on every row"),
        ((1, 1, 1, 0), "three rows"),
        ((0, 1, 1, 0), "two rows"),
    ):
        expect(kinds, what, draws=50)
    _expect_draws_by_seed(answer, draw(0, 0, 520, 480))
    for _ in range(6 if took < 0.5 else 1):
        _expect_defaults(answer, draw(0, 0, 1600, 1400))
    if took < 0.5:
        _expect_no_limit_of_draws(answer, draw(0, 0, 1300, 1200))
    _expect_refusals(answer, draw)


def _expect_quick(answer, rows):
    _expect_interval(answer, *rows, "10,000 rows")
    took = _seconds(answer, rows)
    if took > SLOWEST:  # or the machine is busy, which slows five rows down as much
        few = [given[:5] for given in rows]
        took = min(took, _seconds(answer, rows), _seconds(answer, rows))
        that(
            took <= max(SLOWEST, 100 * _seconds(answer, few)),
            f"10,000 rows and 2,000 draws take {took:.1f} seconds; one is the limit. Likely: rows "
            "are drawn one by one, in Python.",
        )


def _seconds(answer, rows):
    started = time.monotonic()
    answer(*rows)
    return time.monotonic() - started


def _expect_forms_of_rows(answer, rng, rows):
    a, b = rows
    first, second = awkward.index(rng, len(a)), pd.Index(rng.permutation(len(b)))
    kinds = (
        ("lists of booleans", a.tolist(), b.tolist(), "booleans taken for something else"),
        ("lists of 0 and 1", a.astype(int).tolist(), b.astype(int).tolist(), ""),
        ("lists of NumPy's booleans", list(a), list(b), "NumPy's booleans cannot be subtracted"),
        ("arrays of booleans", a, b, "NumPy's booleans cannot be subtracted"),
        ("arrays of 0 and 1", a.astype(int), b.astype(int), ""),
        ("Series with an index of their own", pd.Series(a, first), pd.Series(b, second), "index"),
        ("Series of 0 and 1", pd.Series(a.astype(int), second), pd.Series(b.astype(int)), "index"),
        ("a list and an array", a.tolist(), b, ""),
        ("a Series and a list", pd.Series(a, second), b.astype(int).tolist(), "index"),
        ("an array of 0 and 1 and a Series", a.astype(int), pd.Series(b, first), "index"),
    )
    for what, one, other, likely in kinds:
        if likely == "index":
            likely = "rows go by their place, not by the index"
        _expect_interval(answer, one, other, what, likely, draws=400)


def _expect_draws_by_seed(answer, rows):
    # Far apart: an answer may well give each draw a seed of its own, counted from the one given.
    seeds = range(0, 80_000, 10_000)
    found = {seed: answer(*rows, draws=40, seed=seed) for seed in seeds}
    for seed in (0, 10_000, 70_000):
        again = answer(*rows, draws=40, seed=seed)
        likely = "0 taken for no seed" if seed == 0 else "not drawn by `seed`"
        equal(again, found[seed], f"a second call with seed={seed}", likely)
    equal(answer(*rows, 40, 70_000), found[70_000], "arguments by place instead of by name")
    different = len(set(found.values()))
    that(
        different > 3,
        f"Eight seeds give {different} different results. Likely: `seed` is not used.",
    )
    lowest = [lower for _, lower, _ in found.values()]
    that(
        max(lowest) - min(lowest) > 0.003,
        "The 2.5th percentile of 40 draws hardly depends on the seed. Likely: nothing is drawn.",
    )
    other = [answer(*rows, draws=1000, seed=seed) for seed in (0, 10_000)]
    that(
        other != [found[0], found[10_000]],
        "40 and 1,000 draws give the same. Likely: `draws` is not used.",
    )


def _expect_no_limit_of_draws(answer, rows):
    """Of one seed more draws may give the same by chance, but not of six."""
    pairs = [
        [answer(*rows, draws=draws, seed=seed) for draws in (2000, 6000)]
        for seed in range(0, 60_000, 10_000)
    ]
    that(
        any(fewer != more for fewer, more in pairs),
        "2,000 and 6,000 draws give the same. Likely: `draws` has a limit.",
    )


def _expect_defaults(answer, rows):
    spelt_out = answer(*rows, draws=2000, seed=0)
    equal(answer(*rows), spelt_out, "the defaults are 2,000 draws and the seed 0")


def _expect_refusals(answer, draw):
    names = ("correct_a", "correct_b", "row", "length", "size", "shape", "empty")
    a, b = draw(2, 2, 1, 0)
    forms = (list, lambda rows: np.array(rows, bool), lambda rows: pd.Series(rows, dtype=bool))
    for form in forms:
        for first, second in ((1, 5), (5, 1), (4, 3), (3, 4), (0, 3), (3, 0), (0, 0)):
            one, other = form(a[:first].tolist()), form(b[:second].tolist())
            lengths = (str(first), str(second)) if first != second else ()
            raises(
                answer,
                one,
                other,
                error=ValueError,
                mentions=(*names, *lengths),
                what=f"{first} and {second} rows",
            )


@grades("fastest_within")
def _(answer, rng):
    def expect(trials, expected, what, likely="", **options):
        got = unchanged(answer, trials, **options)
        equal(got, expected, what, likely)

    for _ in range(4):
        count = int(rng.integers(4, 12))
        # Sixteenths are exact in binary, so a distance equals the tolerance or it does not.
        f1 = rng.integers(4, 14, size=count) / 16
        seconds = rng.permutation(count * 2)[:count] * 1.5 + 1
        names = awkward.names(rng, count)
        frame = pd.DataFrame({"seconds": seconds, "note": "x", "name": names, "f1": f1})
        frame.index = awkward.index(rng, count)
        tolerance = float(rng.choice([1, 2, 4])) / 16
        good = [row for row in range(count) if max(f1) - f1[row] <= tolerance]
        quickest = names[min(good, key=lambda row: (seconds[row], -f1[row], row))]
        shown = ", ".join(
            f"{name!r} {score} in {took} s"
            for name, score, took in zip(names, f1, seconds, strict=True)
        )
        expect(frame, quickest, f"f1 {shown}; tolerance {tolerance}", tolerance=tolerance)
    tied = pd.DataFrame(
        {
            "name": ["m", "N", "o ", "P"],
            "f1": [0.75, 0.8125, 0.8125, 0.875],
            "seconds": [20.0, 20.0, 20.0, 31.0],
        }
    )
    expect(tied, "N", "equal seconds: the better f1, then the first row", tolerance=0.125)
    expect(tied[::-1], "o ", "the same rows from the last to the first", tolerance=0.125)
    expect(tied, "P", "a tolerance of 0 leaves the best alone", tolerance=0.0)
    expect(tied, "P", "the default tolerance is 0.005")
    near = pd.DataFrame({"name": ["u", "v"], "f1": [0.9, 0.8952], "seconds": [9.0, 3.0]})
    expect(near, "v", "0.0048 below the best, with the default of 0.005")
    far = pd.DataFrame({"name": ["u", "v"], "f1": [0.9, 0.89499], "seconds": [9.0, 3.0]})
    expect(far, "u", "0.00501 below the best, with the default of 0.005")
    hardly = pd.DataFrame({"name": ["u", "v"], "f1": [0.9, 0.8], "seconds": [9.02, 9.01]})
    expect(hardly, "v", "0.01 seconds apart: not equal", "seconds rounded", tolerance=0.2)
    twice = pd.DataFrame({"name": ["u", "v", "u"], "f1": [0.5] * 3, "seconds": [9.0, 5.0, 1.0]})
    expect(twice, "u", "two trials of one name", "rows told apart by their name")
    edge = pd.DataFrame({"name": ["u", "v"], "f1": [0.5, 0.4375], "seconds": [9.0, 3.0]})
    likely = "< instead of <=, or a share of the best f1 instead of a distance"
    expect(edge, "v", "exactly the tolerance below the best", likely, tolerance=0.0625)
    expect(tied[:1], "m", "one trial")
    expect(tied.set_axis([3] * 4), "N", "rows that share an index", tolerance=0.125)
    whole = tied.assign(seconds=[20, 20, 20, 31])
    expect(whole, "N", "seconds that are whole numbers", tolerance=0.125)
    long = pd.DataFrame(
        {
            "name": [f"n{number}" for number in range(40)],
            "f1": [0.5] * 40,
            "seconds": [7.0] * 40,
        }
    )
    expect(long, "n0", "forty equal trials: the first", "the sort is not stable")


def _macro_f1(truth, predicted):
    scores, _ = _f1_by_class(truth, predicted)
    return sum(scores.values()) / len(scores)


# Measured on test. TF-IDF with logistic regression (one or two words, C from 0.2 to 100, with class
# weights and without) reaches 0.801 at best on the embedded data and 0.841 on the real data: half.
# Linear support vectors reach 0.844 and 0.852, and fine-tuning on 6,000 embedded messages 0.840 to
# 0.846: three quarters. Section 5's recipe on all messages reaches 0.866 and 0.880, with a standard
# deviation of 0.006 between seeds: everything, but for about one seed in 300.
@grades("emotion_predictions")
def _(answer, rng):
    return share_of_points(
        answer.value(),
        "emotion_predictions",
        copies_at_hand("emotion"),
        _macro_f1,
        real=(0.50, 0.75, 0.850, 0.862),
        embedded=(0.50, 0.75, 0.830, 0.850),
        likely="rows in another order than the test split's",
    )
