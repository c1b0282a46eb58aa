"""Hidden tests of lesson 8."""

import itertools
from dataclasses import replace

import numpy as np
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
