"""Hidden tests of lesson 8."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import torch

from grading.standins import LanguageModel, Tokenizer
from grading.testing import (
    FLOAT32,
    AnswerError,
    awkward,
    close,
    equal,
    grades,
    has_type,
    raises,
    that,
    unchanged,
)

_PIECES = ("no", "not", "sure", "glad", "sad", "so", "it", "is", "mood", "##ly", "very", "##ness")
_SUMS = {"float64": FLOAT32, "float32": FLOAT32, "float16": 0.05, "bfloat16": 0.25}
"""How far sums may differ, by the type of the model: they are rounded in every layer."""


def _sums(prompt, labels, tokenizer, model):
    """Add up in float64, from the definition: a token's share of all tokens that could follow."""
    tokenize, network = tokenizer.build([]), model.build([]).eval().double()
    start, sums, tokens = tokenize(prompt)["input_ids"], {}, {}
    for label in labels:
        tokens[label] = tokenize(" " + label, add_special_tokens=False)["input_ids"]
        with torch.no_grad():
            given = torch.tensor([start + tokens[label]])
            scores = network(input_ids=given).logits[0].numpy()
        sums[label] = 0.0
        for place, token in enumerate(tokens[label], len(start) - 1):
            largest = scores[place].max()
            sums[label] += scores[place, token] - largest
            sums[label] -= float(np.log(np.exp(scores[place] - largest).sum()))
    return sums, tokens


def _expect_sums(answer, prompt, labels, tokenizer, model, what, likely=""):
    got = unchanged(answer, prompt, labels, tokenizer, model)
    wanted, tokens = _sums(prompt, labels, tokenizer, replace(model, training=False, fails_at=0))
    _expect_computed_well(answer, model.training, what)
    has_type(got, dict, what)
    equal(sorted(got), sorted(labels), f"{what}: the labels, sorted")
    usual = (
        "a token read at another place than the one before it, tokens left out, other tokens of "
        "the prompt than the tokenizer's own, or a label without its blank"
    )
    digits = _SUMS[model.dtype]
    for label in labels:
        has_type(got[label], float, f"{what}: the sum of {label!r}")
        given = f"{what}: the sum of {label!r}, a label of {len(tokens[label])} tokens"
        close(got[label], wanted[label], given, likely or usual, digits)
    names = list(got)
    for one, other in itertools.pairwise(names):
        that(
            got[one] >= got[other] - 1e-5,
            f"{what}: {one!r} has {got[one]:.4f} and comes before {other!r} with "
            f"{got[other]:.4f}: the best label comes first.",
        )
        # What is equal by definition may differ in the last digit, and then either order is right.
        if got[one] == got[other]:
            that(
                labels.index(one) < labels.index(other),
                f"{what}: {one!r} and {other!r} have equal sums and must stay in the order of "
                f"{labels}; the result has the order {names}.",
            )


def _expect_computed_well(answer, training, what):
    passes = [call for call in answer.calls if call["of"] == "model"]
    mode = "training" if training else "evaluation"
    that(
        not any(call["training"] for call in passes),
        f"{what}: a model that comes in {mode} mode must compute in evaluation mode.",
    )
    that(
        not any(call["gradients"] for call in passes),
        f"{what}: a forward pass ran with gradients. Likely: `torch.no_grad()` is missing.",
    )
    _expect_model_as_before(answer, training, what)


def _expect_model_as_before(answer, training, what):
    mode = "training" if training else "evaluation"
    (left,) = (call for call in answer.calls if call["of"] == "model afterwards")
    that(
        left["training"] == [training],
        f"{what}: a model that comes in {mode} mode must be in it afterwards, with all its parts.",
    )
    equal(left["changed"], [], f"{what}: what of the model is changed afterwards")


@grades("label_log_probabilities")
def _(answer, rng):
    by_bytes = Tokenizer("tokenizer", kind="bytes", ends="front", max_length=2000)

    def model(tokenizer, **options):
        size = 261 if tokenizer.kind == "bytes" else 5 + len(_PIECES)
        seed = int(rng.integers(1_000_000))
        return LanguageModel("model", vocabulary_size=size, seed=seed, **options)

    def expect(prompt, labels, tokenizer, what, likely="", **options):
        _expect_sums(answer, prompt, labels, tokenizer, model(tokenizer, **options), what, likely)

    labels = list(dict.fromkeys([*awkward.names(rng, 6), *awkward.near_names(rng, 3)]))
    for text in awkward.texts(rng, 4, without=("nothing",)):
        prompt = f"Message: {text}\nLabel:"
        expect(prompt, awkward.shuffled(rng, labels), by_bytes, f"the prompt {prompt!r}")
    alike = awkward.shuffled(rng, ["no", "not", "not sure", "not sure, no", "n", "sure"])
    expect("Sure?", alike, by_bytes, f"the labels {alike}", "common beginnings mixed up")
    expect("", alike, by_bytes, "an empty prompt", "the prompt's special token left out")
    expect("a blank at the end ", ["no", "so"], by_bytes, "a prompt that ends in a blank")
    expect("One?", [" ".join(["so"] * 20)], by_bytes, "one label of sixty tokens")
    expect("Many?", awkward.names(rng, 40), by_bytes, "forty labels")
    words = [word for word in _PIECES if not word.startswith("#")]
    for where, tokenizer in awkward.tokenizers(rng, vocabulary=_PIECES):
        for count in (1, 5, 150):
            prompt = " ".join(map(str, rng.choice(words, size=count)))
            some = [" ".join(map(str, rng.choice(words, size=size))) for size in (1, 2, 3, 1)]
            some = list(dict.fromkeys([*some, "gladly", "Gladly", "sad", "sadness", "x"]))
            what = f"a tokenizer with {where}, a prompt of {count} words"
            likely = "" if count < 100 else "the prompt is cut"
            expect(prompt, awkward.shuffled(rng, some), tokenizer, what, likely)
    _grade_ties(answer, rng, by_bytes, expect)
    for training in (True, False):
        mode = "training" if training else "evaluation"
        what = f"a model in {mode} mode"
        expect("Well?", alike, by_bytes, what, training=training)
        try:
            answer("Well?", alike, by_bytes, model(by_bytes, training=training, fails_at=1))
        except AnswerError:
            _expect_model_as_before(answer, training, f"{what} that fails")
        else:
            that(False, f"{what} that fails: its exception must reach the caller.")
    for dtype in ("float64", "float16", "bfloat16"):
        expect("Well?", alike, by_bytes, f"a model in {dtype}", dtype=dtype, training=True)


def _grade_ties(answer, rng, tokenizer, expect):
    """Where all tokens are equally probable, labels of as many tokens have equal sums."""
    for _ in range(3):
        labels = awkward.shuffled(rng, ["no", "so", "it", "is", "not", "his", "her", "n", "m"])
        what = "a model to which all tokens are equally probable"
        expect("Which?", labels, tokenizer, what, "a sort that is not stable", spread=0.0)
    by_words = Tokenizer("tokenizer", vocabulary=_PIECES, ends="front")
    twins = awkward.shuffled(rng, ["no", "No", "NO", "nO", "sad", "Sad", "glad", "GLAD"])
    expect("so it is", twins, by_words, "labels whose tokens are the same", "a sort of the names")


def _expect_pairs(got, labels, pairs, what):
    """Expect an array of pairs, each told right, with as many of each kind as is said."""
    has_type(got, np.ndarray, what)
    equal(got.shape, (pairs, 3), f"{what}: the shape")
    equal(str(got.dtype), "int64", f"{what}: the type of its numbers")
    found = set()
    for first, second, same in got.tolist():
        row = f"{what}: the row {first}, {second}, {same}"
        last = len(labels) - 1
        that(0 <= first <= last and 0 <= second <= last, f"{row}: places run from 0 to {last}.")
        that(first != second, f"{row}: a message is paired with itself.")
        told = int(labels[first] == labels[second])
        classes = f"of the classes {labels[first]!r} and {labels[second]!r}"
        that(same == told, f"{row}: these are {classes}, so that `same` is {told}.")
        that(
            frozenset((first, second)) not in found,
            f"{row}: these two have been paired before, maybe the other way round.",
        )
        found.add(frozenset((first, second)))
    alike = int(got[:, 2].sum())
    that(
        alike == pairs // 2,
        f"{what}: expected {pairs // 2} pairs of one class and {pairs - pairs // 2} of two; got "
        f"{alike} and {pairs - alike}.",
    )


def _forms(rng, labels):
    yield "a list", list(labels)
    yield "a tuple", tuple(labels)
    yield "an array", np.array(labels)
    yield "a Series", pd.Series(labels)
    yield "a Series with another index", pd.Series(labels, awkward.index(rng, len(labels)))
    permuted = pd.Index(rng.permutation(len(labels)))
    yield "a Series with a permuted index", pd.Series(labels, permuted)


@grades("contrastive_pairs")
def _(answer, rng):
    def drawn(names, counts):
        labels = [name for name, count in zip(names, counts, strict=True) for _ in range(count)]
        return awkward.shuffled(rng, labels)

    numbers = [int(number) for number in rng.permutation([-3, 0, 1, 2, 40])]
    kinds = {
        "labels that are numbers": drawn(numbers, [9, 1, 4, 7, 3]),
        "labels that are strings": drawn(awkward.names(rng, 4), [6, 5, 8, 1]),
        "labels that look alike": drawn(awkward.near_names(rng, 4), [5, 5, 5, 5]),
        "two classes": drawn(numbers[:2], [12, 7]),
    }
    for kind, labels in kinds.items():
        for form, given in _forms(rng, labels):
            for pairs in (1, 2, 7, 40):
                got = unchanged(answer, given, pairs, seed=int(rng.integers(10_000)))
                _expect_pairs(got, labels, pairs, f"{kind}, in {form}, pairs={pairs}")
    _grade_all_there_is(answer, rng, drawn)
    many = drawn(numbers, [150, 30, 60, 50, 10])
    _expect_pairs(answer(many, 500), many, 500, "300 labels, the seed left out")
    _grade_draws(answer, rng, drawn(awkward.names(rng, 3), [2, 3, 4]))
    _grade_seeds(answer, kinds["labels that are strings"])
    _grade_few_pairs(answer, rng)


def _grade_all_there_is(answer, rng, drawn):
    """Where exactly as many pairs are wanted as there are, each comes once."""
    for counts, pairs in (([2, 3, 4], 20), ([2, 3, 4], 21), ([4, 1], 8), ([1, 1, 1], 1)):
        for _ in range(8):
            labels = drawn(awkward.names(rng, len(counts)), counts)
            what = f"the labels {labels}, of which pairs={pairs} takes all pairs of one kind"
            _expect_pairs(answer(labels, pairs, int(rng.integers(10_000))), labels, pairs, what)
    labels = drawn(awkward.names(rng, 2), [3, 3])
    for seed in range(8):
        what = "six pairs of one class and seven of two, out of 6 and 9"
        _expect_pairs(answer(labels, 13, seed=seed), labels, 13, what)


def _grade_draws(answer, rng, labels):
    """Of 250 draws each pair is in at least one, whether pairs or classes are drawn first.

    The rarest pair of any of these ways has a chance of 0.1 in each draw, and is missing in all
    of them once in 10^11 times.
    """
    start = int(rng.integers(10_000))
    missing = {frozenset(pair) for pair in itertools.combinations(range(len(labels)), 2)}
    for seed in range(start, start + 250):
        got = answer(labels, 8, seed=seed)
        _expect_pairs(got, labels, 8, f"the labels {labels}, pairs=8, seed={seed}")
        missing -= {frozenset(pair) for pair in got[:, :2].tolist()}
    never = sorted(sorted(pair) for pair in missing)
    that(
        not never,
        f"In 250 draws of 8 pairs from the labels {labels} the pairs {never[:6]} never come. "
        "Likely: not all pairs can be drawn, or the seed is not used.",
    )


def _grade_seeds(answer, labels):
    seeds = range(0, 30_000, 1000)
    found = [answer(labels, 40, seed=seed) for seed in seeds]
    for seed, first in list(zip(seeds, found, strict=True))[:4]:
        likely = "0 is taken for no seed" if seed == 0 else "not drawn by `seed`"
        equal(answer(labels, 40, seed=seed), first, f"a second call with seed={seed}", likely)
    equal(answer(labels, 40), found[0], "the seed left out: it is 0", "another default")
    different = len({rows.tobytes() for rows in found})
    equal(different, len(found), "the number of different results of 30 seeds", "`seed` not used")
    orders = ["".join(map(str, rows[:, 2])) for rows in found]
    that(
        not any("10" not in order or "01" not in order for order in orders),
        f"Of 40 pairs one kind comes first and then the other: {orders[0]}. They must be shuffled.",
    )
    that(
        len(set(orders)) > len(orders) / 2,
        f"Thirty seeds give pairs of one class (1) and of two (0) in one order: {orders[0]}. They "
        "must be shuffled.",
    )


def _grade_few_pairs(answer, rng):
    a, b, c = awkward.names(rng, 3)
    for labels, pairs in (
        ([a, b, c], 2),
        ([a, a, a], 1),
        ([a, a, a], 2),
        ([a, a, b], 4),
        ([a, a, a, a, b], 9),
        ([a, a, b, b, c], 6),
        ([a], 1),
        ([a, b], 1000),
        ([a, b] * 4, 34),
        ([7, 7, 8], 4),
        ([], 1),
    ):
        for form, given in _forms(rng, labels) if labels else [("a list", [])]:
            what = f"pairs={pairs} of the labels {labels}, in {form}"
            names = ("same", "different")
            raises(answer, given, pairs, error=ValueError, mentions=names, what=what)
