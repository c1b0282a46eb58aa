"""Hidden tests of lesson 8."""

import itertools
import json
import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import torch

from grading.standins import LanguageModel, LayerTrial, LinearLayer, Tokenizer
from grading.testing import (
    COARSE,
    FLOAT32,
    FLOAT64,
    AnswerError,
    awkward,
    close,
    equal,
    grades,
    has_type,
    names_one_of,
    raises,
    same_frame,
    that,
    unchanged,
)

_FIELDS = ("{0} {text} {}", "100 %s", r"\1 \n \g<0>", "Label: x\nMessage: y", "Zo\u00eb\u2003SAID")
"""Texts that change where a template, or a pattern, is filled in twice."""


def _expected_prompt(text, labels, pairs):
    prompt = "Classify the message as one of: "
    prompt += ", ".join(labels)
    for message, answered in [*[(words, f" {name}") for words, name in pairs], (text, "")]:
        prompt += "\n\nMessage: " + re.sub(r"\s+", " ", message).strip() + "\nLabel:" + answered
    return prompt


@grades("build_prompt")
def _(answer, rng):
    def expect(text, labels, pairs, what, likely=""):
        arguments = (text, labels) if pairs is None else (text, labels, pairs)
        got = unchanged(answer, *arguments)
        has_type(got, str, what)
        equal(got, _expected_prompt(text, labels, pairs or ()), what, likely)

    def some_texts(n):
        drawn = [*awkward.texts(rng, n), *(awkward.spaced(rng, int(k)) for k in range(1, 5))]
        return awkward.shuffled(rng, [*drawn, *_FIELDS])

    likely = "white space, or a blank or a line break too many"
    for text in (*some_texts(16), "  ", "\n", "\xa0", ""):
        labels = awkward.names(rng, int(rng.integers(1, 8)))
        expect(text, labels, None, f"the text {text!r} and no examples", likely)
        expect(text, labels, (), f"the text {text!r} and an empty tuple of examples", likely)
    for n in (1, 2, 12):
        labels = awkward.names(rng, int(rng.integers(2, 9)))
        pairs = [(text, str(rng.choice(labels))) for text in some_texts(n)]
        pairs.insert(0, pairs[-1])
        expect("so", labels, pairs, f"examples {pairs}", likely)
        expect(pairs[0][0], labels, tuple(pairs), f"the same in a tuple, {pairs}", likely)
    labels = awkward.near_names(rng, 4)
    pairs = [(f"{word} it is", word) for word in awkward.shuffled(rng, labels)]
    expect("it is", labels, pairs, f"the labels {labels}", "labels are changed")
    text = np.str_(awkward.spaced(rng, 4))
    expect(text, ["joy"], [(text, np.str_("joy"))], "NumPy's strings")
    long = " \t ".join(awkward.words(rng, 3000))
    expect(long, ["joy"], [], "a text of thousands of words", "the text is cut")
    _grade_bad_labels(answer, rng)


def _grade_bad_labels(answer, rng):
    raises(answer, "so", [], error=ValueError, mentions=("label", "[]"), what="no labels")
    mentions = ("label", "[]", "zeal")
    what = "no labels, but an example"
    raises(answer, "so", [], [("so", "zeal")], error=ValueError, mentions=mentions, what=what)
    word = awkward.word(rng, 3)
    near = [word[:-1], word[1:], word.upper(), f" {word}", f"{word} ", "", f"{word}, other"]
    for label in [awkward.word(rng, 4), *near]:
        for place in (0, 2, 4):
            pairs = [("so", "other"), ("it", word)] * 2
            pairs.insert(place, ("is", label))
            what = f"labels {[word, 'other']}, of the examples' labels one is {label!r}"
            raises(answer, "x", [word, "other"], pairs, error=ValueError, mentions=label, what=what)


_SPECIAL = ("c++", "s.o", "(un)clear", "a|b", "🙂", "fun?!", "^_^", "[so]")
"""Labels with characters that mean something else in a pattern, or at whose ends is no letter."""


@grades("parse_label")
def _(answer, rng):
    def expect(reply, labels, expected, what, likely=""):
        got = unchanged(answer, reply, labels)
        equal(got, expected, f"{what}: the reply {reply!r} and the labels {labels}", likely)

    words = [awkward.word(rng, syllables) for syllables in (3, 4, 5, 6)]
    words = [words[0], words[1].title(), f"{words[2]}É", f"ш{words[3]}"]
    names = list({name.lower(): name for name in awkward.names(rng, 8)}.values())
    for labels, some in ((words, words), (names, names[:3]), (_SPECIAL, _SPECIAL)):
        labels = awkward.shuffled(rng, list(labels))
        for label in some:
            other = str(rng.choice([name for name in labels if name != label]))
            fillers = [awkward.word(rng), awkward.word(rng)]
            for reply in _clear_replies(label, other, *fillers):
                expect(reply, labels, label, "one label")
            for reply in _unclear_replies(label, other, *fillers):
                expect(reply, labels, None, "no label, or two of them")
            expect(np.str_(f"so {label}"), labels, label, "NumPy's string")
            expect(label, [], None, "no labels")
            expect(label, [label], label, "a single label")
            expect(label, [other], None, "a single label, and another one in the reply")
        for reply in ("", " ", "\n\t", "{}", "{", "}", "[]", "null", '{"label": ""}'):
            expect(reply, labels, None, "nothing to read")
        middle = awkward.words(rng, 4000)
        long = " ".join([*middle, labels[0], *middle])
        expect(long, labels, labels[0], "a reply of thousands of words")
    _grade_labels_within_labels(expect, rng)


def _clear_replies(label, other, filler, more):
    """Yield replies in which a label is found."""
    yield from (label, label.upper(), label.lower(), label.swapcase(), f"{label}.", f"\t{label}\n")
    yield from (f"({label})", f"'{label}'", f"<{label}>", f"{filler}-{label}-{more}", f"*{label}*")
    yield f"{filler.upper()}, {more}: {label.upper()}, {filler}"
    yield f"{label}, {label.upper()}: {label}"
    yield f"{filler}:\n{label}\n{more}"
    yield f"{filler}{label} {label}{more} {label}"
    # JSON, of which one string is read.
    answers = {"label": f"{label.upper()}!", "reason": f"not {other}", other: [other, {"x": other}]}
    for shown in (answers, dict(reversed(answers.items()))):
        for text in (json.dumps(shown), json.dumps(shown, ensure_ascii=False, indent=2)):
            yield from (text, f"  {text}\n", f"[{text}]", f"```json\n{text}\n```")
            yield f"{other}? {filler} {text} {more}, {other}."
    # JSON without a string under label, and what is no JSON: all is read.
    for under in ([label], {"is": label}, None, 1.5, True):
        yield json.dumps({"label": under, "reason": label}, ensure_ascii=False)
    nested = {"answer": {"label": label}}
    for shown in (nested, {"Label": label}, [label], label, {filler: label}):
        yield json.dumps(shown, ensure_ascii=False)
    yield from (f"{{}} {label}", f"{{{label}", f"{label}}}", f"}} {label} {{", f"{{{label}}}")
    yield from (f"{{'label': '{label}'}}", f'{{"label": "{label}', f'{{label: "{label}"}}')
    text = json.dumps({"label": label}, ensure_ascii=False)
    yield from (text * 2, f"{text}\n{text}", f"{text} :-}}", f"{{-: {text}")


def _unclear_replies(label, other, filler, more):
    """Yield replies without a label, or with two."""
    yield from (filler, f"{filler} {more}", f"{label[:-1]} {filler}", f"not {label[1:]} {filler}")
    # A letter, a digit or an underscore right beside it.
    for end in ("x", "É", "ш", "_", "7", "私"):
        yield from (f"{label}{end}", f"{end}{label}", f"{filler} {end}{label.upper()}{end}.")
    yield from (
        f"{label} {other}",
        f"{label}\n{other}",
        f"{other.upper()}, {label}",
        f"{label}, {label}; {other}",
    )
    # JSON, of which one string is read.
    for under in (f"{label} or {other}", filler, "", f"x{label}", f"{label}_", " "):
        yield json.dumps({"label": under, "reason": label}, ensure_ascii=False)
        yield f"{label}: {json.dumps({'reason': other, 'label': under})}"
    # All is read.
    for under in ([label], {"label": label}, None, 2, False):
        shown = {"label": under, "reason": f"{label}, {other}"}
        yield json.dumps(shown, ensure_ascii=False)
    shown = {"answer": {"label": label}, "reason": other}
    yield json.dumps(shown, ensure_ascii=False)
    for name in ("Label", "label ", "labels", "answer"):
        yield json.dumps({name: label, "reason": other}, ensure_ascii=False)
    first, second = (json.dumps({"label": name}, ensure_ascii=False) for name in (label, other))
    yield from (f"{first} {second}", f"{first}, {{{other}}}", f"{first} {other} :-}}")
    yield f'{{"label": "{label}", "reason": "{other}'
    yield f"{{'label': '{label}', 'reason': '{other}'}}"


def _grade_labels_within_labels(expect, rng):
    one, two = awkward.word(rng, 3), awkward.word(rng, 2)
    likely = "a label within a longer one counts, too"
    for longer in (f"{two} {one}", f"{one} {two}", f"{two}-{one}", f"{one}, {two}"):
        labels = awkward.shuffled(rng, [one, longer, awkward.word(rng, 4)])
        for reply in (longer, longer.upper(), f"It is {longer}.", json.dumps({"label": longer})):
            expect(reply, labels, None, "a label within another", likely)
        expect(one, labels, one, "the shorter of two labels")
        expect(f"{one}: {two}", labels, one, "the shorter of two labels")
        expect(two, labels, None, "a part of a label")
    inside = f"{two}{one}"
    labels = awkward.shuffled(rng, [one, inside])
    expect(inside, labels, inside, "a label of which another is a part, not a whole word")
    expect(one, labels, one, "a label that is a part of another")


def _calibrated(scores, baseline=None):
    """Return the probabilities, each from the differences between the labels of its row."""
    scores = np.array(scores, dtype=np.float64)
    if baseline is None:
        baseline = [sum(column) / len(column) for column in scores.T.tolist()]
    moved = scores - np.array(baseline, dtype=np.float64)

    def share(one, row):
        return 0.0 if np.isneginf(one) else 1 / np.exp(row - one).sum()

    with np.errstate(over="ignore"):
        return np.array([[share(one, row) for one in row] for row in moved])


@grades("calibrate")
def _(answer, rng):
    def expect(scores, baseline, what, likely="", tolerance=FLOAT32):
        got = unchanged(answer, scores) if baseline is None else unchanged(answer, scores, baseline)
        has_type(got, np.ndarray, what)
        close(got, _calibrated(scores, baseline), what, likely, tolerance)

    for n, c in ((7, 3), (3, 7), (5, 5), (1, 4), (40, 2), (6, 1), (300, 20)):
        scores = rng.normal(-4, 2, (n, c)) + rng.normal(0, 3, c)
        what = f"{n} rows of {c} labels"
        expect(scores, None, f"{what} without a baseline", "another mean than that of a column")
        expect(scores, rng.normal(-4, 2, c), f"{what} and a baseline")
        expect(scores, np.zeros(c), f"{what} and a baseline of zeros", "0 taken for no baseline")
        expect(scores, scores[0], f"{what}, of which the first is the baseline")
        expect(np.full((n, c), -2.5), None, f"{what} that are all equal")
        whole, given = rng.integers(-9, 3, (n, c)), rng.integers(-5, 5, c)
        expect(whole, None, f"{what} of integers", "fractions lost")
        expect(whole.astype(np.int32), given, f"{what} of int32 with a baseline of integers")
        expect(whole, given / 4, f"{what} of integers with a baseline of fractions")
        single = scores.astype(np.float32)
        expect(single, None, f"{what} in float32")
        expect(single, given.astype(np.float32), f"{what} in float32 with a baseline")
        expect(scores, given.astype(np.float32), f"{what} with a baseline in float32")
    got = answer(scores, None)
    close(got, _calibrated(scores), "None as baseline", tolerance=FLOAT32)
    scores = rng.normal(-4, 2, (6, 5))
    for row in range(5):
        scores[row, rng.permutation(5)[: row + 1][:4]] = -np.inf
    expect(scores, rng.normal(-4, 2, 5), "some log-probabilities of -inf with a baseline")
    _grade_far_numbers(expect, rng)
    for c in (1, 4):
        for baseline in (None, np.zeros(c)):
            got = answer(np.zeros((0, c)), baseline)
            has_type(got, np.ndarray, "no rows")
            equal(got.shape, (0, c), f"the shape of the result for no rows of {c} labels")
    _grade_shapes(answer, rng)


def _grade_far_numbers(expect, rng):
    likely = "overflow, or a row that becomes all zeros"
    n, c = 16, 4
    # Eighths are exact in float32, also at 1e4, and so are sums of sixteen of them.
    near = rng.integers(-24, 24, (n, c)) / 8
    rows, columns = rng.integers(-5990, 5990, (n, 1)), rng.integers(-4000, 4000, c)
    rows[:3, 0], columns[:2] = (5990, -5990, 0), (4000, -4000)
    scores = near + rows + columns
    for kind in (np.float64, np.float32):
        name = np.dtype(kind).name
        moved, given = scores.astype(kind), columns.astype(kind)
        expect(moved, None, f"{name} of up to 1e4 without a baseline", likely, COARSE)
        expect(moved, given, f"{name} of up to 1e4 with a baseline", likely, COARSE)
        expect(moved, given * 0, f"{name} of up to 1e4 with a baseline of 0", likely, COARSE)
        signs = rng.permutation(np.repeat([1e4, -1e4], n * c // 2)).reshape(n, c)
        ends = rng.permutation([1e4, -1e4, 1e4, -1e4])
        what = f"{name} of ±1e4"
        expect(signs.astype(kind), ends.astype(kind), f"{what} with a baseline", likely, COARSE)
        alike = np.vstack([np.full(c, size) for size in (1e4, -1e4, 0.0, -1e3)]).astype(kind)
        expect(alike, None, f"{what}, each row of equal numbers", likely, COARSE)


def _grade_shapes(answer, rng):
    c = int(rng.integers(3, 6))
    for shape in ((c,), (2, c, 2), (1, 2, c, 1), ()):
        for baseline in (None, np.zeros(c)):
            mentions = ("log_probabilities", "log-probabilities", str(shape), str(len(shape)))
            what = f"log_probabilities of the shape {shape}"
            arguments = [rng.normal(size=shape), baseline][: 1 if baseline is None else 2]
            raises(answer, *arguments, error=ValueError, mentions=mentions, what=what)
    for n in (c + 2, 1):
        for shape in ((c + 1,), (c - 1,), (1,), (n,), (0,), (), (1, c), (n, c), (n, 1), (c, 1)):
            what = f"{n} rows of {c} labels and a baseline of the shape {shape}"
            mentions = ("baseline", str(shape), str(int(np.prod(shape))))
            scores, baseline = rng.normal(size=(n, c)), np.array(rng.normal(size=shape))
            raises(answer, scores, baseline, error=ValueError, mentions=mentions, what=what)


def _front(trials):
    """Return the rows that no other beats, each compared with each, cheapest first."""
    values = list(zip(trials["macro_f1"].tolist(), trials["seconds"].tolist(), strict=True))
    known = [place for place, pair in enumerate(values) if not any(map(math.isnan, pair))]

    def beaten(place):
        f1, seconds = values[place]
        others = (values[other] for other in known)
        return any(a >= f1 and b <= seconds and (a, b) != (f1, seconds) for a, b in others)

    kept = [place for place in known if not beaten(place)]
    return trials.iloc[sorted(kept, key=lambda place: values[place][1])]


def _some_trials(rng, f1, seconds):
    """Return a frame with these trials and columns of many kinds, in any order."""
    n = len(f1)
    texts = pd.Series(awkward.texts(rng, n), dtype=object)
    texts[rng.random(n) < 0.3] = None
    loss = np.where(rng.random(n) < 0.3, np.nan, rng.normal(size=n))
    columns = {
        "macro_f1": f1,
        "seconds": seconds,
        "note": texts.to_numpy(),
        "loss": loss.astype(np.float32),
        "seed": rng.integers(0, 3, n).astype(np.int16),
        "done": rng.random(n) < 0.5,
        "method": pd.Categorical(rng.choice(["b", "a", "c"], n), categories=["c", "b", "a", "d"]),
    }
    return pd.DataFrame({name: columns[name] for name in awkward.shuffled(rng, list(columns))})


@grades("pareto_front")
def _(answer, rng):
    def expect(trials, what, likely=""):
        got = unchanged(answer, trials)
        has_type(got, pd.DataFrame, what)
        same_frame(got, _front(trials), what, likely)

    for n in (30, 7, 1):
        for kind, index in awkward.indexes(rng, n):
            # Along a line from cheap and bad to expensive and good, so that many rows are kept,
            # and on a coarse grid, so that many are equal in one value or in both.
            seconds = rng.integers(0, 9, n)
            f1 = np.clip(seconds + rng.integers(-2, 2, n), 0, 8) / 8
            trials = _some_trials(rng, f1, seconds / 2).set_axis(index.rename("run"))
            expect(trials, f"{n} trials with {kind}", "order, ties or the index")
            expect(trials.assign(seconds=seconds), f"{n} trials, seconds as integers")
            single = trials.assign(macro_f1=f1.astype(np.float32))
            expect(single, f"{n} trials, macro_f1 as float32")
            holes = trials.copy()
            for column in ("macro_f1", "seconds"):
                holes.loc[rng.random(n) < 0.2, column] = np.nan
            expect(holes, f"{n} trials with NaN", "a row with NaN is kept, or another left out")
            endless = trials["seconds"].mask(rng.random(n) < 0.3, np.inf)
            expect(trials.assign(seconds=endless), f"{n} trials, some of infinite seconds")
            random = {"macro_f1": rng.random(n), "seconds": rng.exponential(60, n)}
            expect(trials.assign(**random), f"{n} trials of random numbers")
            for column in ("macro_f1", "seconds"):
                expect(trials.assign(**{column: 0.5}), f"{n} trials that share {column}")
                expect(trials.assign(**{column: np.nan}), f"{n} trials, all NaN in {column}")
            expect(trials[:0], f"no trials, {kind}", "columns or dtypes are lost")
    _grade_single_clauses(expect, rng)


def _grade_single_clauses(expect, rng):
    def trials(f1, seconds):
        return _some_trials(rng, np.array(f1), np.array(seconds))

    rising = np.arange(1, 31)
    order = rng.permutation(30)
    bowl = trials((rising / 31)[order] ** 3, (rising * 2.5)[order])
    expect(bowl, "thirty trials, each better and more expensive than the one before")
    expect(trials((-rising / 31 + 1)[order], rising[order]), "the cheapest beats all others")
    close_by = trials(0.5 + rising * 1e-12, 60 + rising * 1e-7)
    expect(close_by, "trials that differ by very little", "numbers are rounded")
    likely = "numbers that differ by very little are taken for equal"
    expect(trials(0.5 - rising * 1e-12, 60 + rising), "macro_f1 that differs by little", likely)
    expect(trials(0.5 - rising / 99, 60 + rising * 1e-7), "seconds that differ by little", likely)
    expect(trials([0.5, 0.5, 0.4], [3.0, 3.0 + 1e-9, 3.0]), "two rows that are beaten", likely)
    expect(trials([0.5, 0.5 - 1e-12, 0.4], [3.0, 3.0, 2.0]), "one row that is beaten", likely)
    expect(trials([0.0, 0.0, 0.1], [3.0, 1.0, 2.0]), "a macro_f1 of 0", "0 is taken for nothing")
    expect(trials([0.5] * 25, [7.0] * 25), "25 equal trials", "equal rows in another order")
    expect(trials([0.5, 0.5, 0.6], [0.0, 0.0, 0.0]), "0 seconds")
    expect(trials([0.5, 0.7, 0.7], [1.0, np.inf, np.inf]), "infinite seconds", "inf is not NaN")
    expect(trials([0.5, 0.9, np.nan], [4.0, np.nan, 1.0]), "NaN in the best or cheapest row")
    alone = trials([0.2, 0.4, 0.3], [1.0, 3.0, 2.0])[["seconds", "macro_f1"]]
    expect(alone, "a frame with these two columns alone")
    expect(alone.set_axis([5, 5, 5]), "three rows that share an index", "rows chosen by the index")


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


_RESULTS = {
    torch.float64: FLOAT64,
    torch.float32: FLOAT32,
    torch.float16: 0.03,
    torch.bfloat16: 0.2,
}
"""How far results may differ, by type: a product and a sum are each rounded."""


def _tensor(rng, *shape, dtype=torch.float32):
    return torch.tensor(rng.normal(size=shape), dtype=dtype)


def _layer(rng, inputs, outputs, bias=True, dtype=torch.float32):
    weight = _tensor(rng, outputs, inputs, dtype=dtype)
    return LinearLayer("linear", weight, _tensor(rng, outputs, dtype=dtype) if bias else None)


def _adapted(layer, a, b, scale, numbers):
    """Compute in float64 what the layer gives, and what the adapter adds."""
    x, weight, a, b = (part.double().numpy() for part in (numbers, layer.weight, a, b))
    bias = 0.0 if layer.bias is None else layer.bias.double().numpy()
    return np.einsum("...i,oi->...o", x, weight + scale * (b @ a)) + bias


def _expect_parameters(told, layer, rank, what):
    """Expect `lora_a` and `lora_b`, and that nothing else is trainable."""
    parts, (outputs, inputs) = told["parameters"], layer.weight.shape
    for name, shape in (("lora_a", [rank, inputs]), ("lora_b", [outputs, rank])):
        that(
            name in parts,
            f"{what}: the module has no parameter {name}; it has {', '.join(parts) or 'none'}.",
        )
        equal(parts[name]["shape"], shape, f"{what}: the shape of {name}")
        equal(parts[name]["dtype"], str(layer.weight.dtype), f"{what}: the dtype of {name}")
        equal(parts[name]["device"], layer.device, f"{what}: the device of {name}")
    trainable = sorted(name for name, part in parts.items() if part["trainable"])
    likely = "the layer, or its bias, is not frozen"
    equal(trainable, ["lora_a", "lora_b"], f"{what}: the trainable parameters", likely)


def _expect_layer_kept(answer, what):
    (left,) = (call for call in answer.calls if call["of"] == "linear afterwards")
    changed = [part for part in left["changed"] if part != "trainable"]
    likely = "the layer is trained, or its weights are overwritten"
    equal(changed, [], f"{what}: what of the layer is changed afterwards", likely)


def _close_results(got, wanted, layer, numbers, what, likely):
    given = f"{what}, an input of the shape {tuple(numbers.shape)}"
    that(
        got.dtype == layer.weight.dtype,
        f"{given}: the result must be {layer.weight.dtype}, as the layer's is, not {got.dtype}.",
    )
    close(got.double(), wanted, f"{given}: the result", likely, _RESULTS[layer.weight.dtype])


def _grade_adapter(answer, rng, layer, what, options):
    """Look at a new adapter, at its results with known matrices, and at two steps of training."""
    outputs, inputs = layer.weight.shape
    rank, alpha = options.get("rank", 8), options.get("alpha", 16.0)
    dtype, scale = layer.weight.dtype, alpha / rank
    shapes = [(4, inputs), (inputs,), (2, 3, inputs), (2, 1, 3, inputs), (0, inputs)]
    given = tuple(_tensor(rng, *shape, dtype=dtype) for shape in shapes)
    told = answer.used(LayerTrial(given), layer, **options)
    _expect_parameters(told, layer, rank, what)
    _expect_layer_kept(answer, what)
    a, b = (told["parameters"][name]["values"] for name in ("lora_a", "lora_b"))
    equal(int(b.count_nonzero()), 0, f"{what}: the numbers of lora_b that are not 0")
    full = int(np.linalg.matrix_rank(a.double().numpy()))
    likely = "lora_a is not drawn at random"
    equal(full, min(a.shape), f"{what}: the rank of the matrix lora_a", likely)
    for numbers, got in zip(given, told["results"], strict=True):
        wanted = _adapted(layer, a, b, 0.0, numbers)
        likely = "before any step the result is the layer's"
        _close_results(got, wanted, layer, numbers, f"{what}, before any step", likely)
    # Small numbers, so that half precision rounds little.
    a, b = _tensor(rng, rank, inputs, dtype=dtype) / 2, _tensor(rng, outputs, rank, dtype=dtype) / 2
    b = b / max(abs(scale) * rank, 1)
    trial = LayerTrial(given, {"lora_a": a, "lora_b": b}, steps=2)
    told = answer.used(trial, layer, **options)
    what = f"{what}, rank={rank}, alpha={alpha:g}"
    likely = "another factor than alpha / rank, or A and B in other places"
    for numbers, got in zip(given, told["results"], strict=True):
        wanted = _adapted(layer, a, b, scale, numbers)
        _close_results(got, wanted, layer, numbers, f"{what}, with known matrices", likely)
    _expect_layer_kept(answer, f"{what}, two steps of training")
    if dtype in (torch.float32, torch.float64):
        _expect_steps(told["steps"], layer, (a, b), scale, given[0], what)


def _expect_steps(steps, layer, matrices, scale, numbers, what):
    """Expect the gradients of the sum of squared results, and steps of 0.01 against them."""
    x, a, b = (part.double().numpy() for part in (numbers, *matrices))
    for count, step in enumerate(steps, 1):
        slope = 2 * _adapted(layer, torch.tensor(a), torch.tensor(b), scale, numbers)
        wanted = {"lora_a": scale * b.T @ slope.T @ x, "lora_b": scale * slope.T @ (x @ a.T)}
        for name, expected in wanted.items():
            given = f"{what}: the gradient of {name} in step {count}"
            got = step["gradients"][name]
            that(got is not None, f"{given}: there is none. Likely: a `detach`, or a copy.")
            largest = max(1.0, float(np.abs(expected).max()))
            close(got.double() / largest, expected / largest, given, tolerance=1e-3)
        others = {name: part for name, part in step["gradients"].items() if name not in wanted}
        reached = sorted(name for name, part in others.items() if part is not None and part.any())
        equal(reached, [], f"{what}: the frozen parameters that get a gradient")
        a = step["values"]["lora_a"].double().numpy()
        b = step["values"]["lora_b"].double().numpy()


@grades("add_lora")
def _(answer, rng):
    def grade(inputs, outputs, what, bias=True, dtype=torch.float32, **options):
        layer = _layer(rng, inputs, outputs, bias, dtype)
        _grade_adapter(answer, rng, layer, what, options)

    grade(12, 9, "rank and alpha left out")
    grade(9, 12, "rank and alpha left out, no bias", bias=False)
    grade(7, 7, "as many features in as out", rank=4, alpha=2.0)
    grade(5, 3, "rank 1", rank=1, alpha=0.5)
    grade(3, 2, "a rank above both numbers of features", rank=6, alpha=9)
    grade(1, 1, "one feature in and one out", rank=2, alpha=3.0, bias=False)
    grade(6, 4, "a negative alpha", rank=3, alpha=-4.5)
    grade(4, 4, "as many features in and out as the rank", rank=4, alpha=8)
    for dtype in _RESULTS:
        name = str(dtype).removeprefix("torch.")
        for bias in (True, False):
            what = f"a layer in {name} {'with' if bias else 'without'} a bias"
            grade(6, 5, what, bias, dtype, rank=2, alpha=3.0)
    layer = _layer(rng, 6, 5)
    first, second = (answer.used(LayerTrial(), layer, rank=2) for _ in range(2))
    one, other = (told["parameters"]["lora_a"]["values"] for told in (first, second))
    that(not torch.equal(one, other), "Two calls give the same lora_a: draw it anew in each call.")
    _grade_device(answer, layer)
    for rank in (0, -1, -8):
        for bias in (True, False):
            _grade_refusal(answer, _layer(rng, 4, 3, bias), rank)


def _grade_device(answer, layer):
    """Try a layer on a device that computes nothing; code that reads numbers cannot run there."""
    far = replace(layer, device="meta")
    try:
        told = answer.used(LayerTrial(), far, rank=2)
    except AnswerError:
        return
    _expect_parameters(told, far, 2, "a layer on another device")


def _grade_refusal(answer, layer, rank):
    what = f"rank={rank}"
    try:
        answer.used(LayerTrial(), layer, rank=rank)
    except AnswerError as raised:
        that(raised.is_a(ValueError), f"{what}: expected ValueError, got {raised}.")
        that(
            names_one_of(raised.message, ("rank", str(rank))),
            f"{what}: the message must name rank or its value; it says {raised.message!r}.",
        )
        (left,) = (call for call in answer.calls if call["of"] == "linear afterwards")
        likely = "frozen before the refusal"
        equal(left["changed"], [], f"{what}: what of the layer is changed afterwards", likely)
    else:
        that(False, f"{what}: expected ValueError, got a module.")
