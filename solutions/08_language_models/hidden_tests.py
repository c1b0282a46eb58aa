"""Hidden tests of lesson 8."""

import json
import math
import re

import numpy as np
import pandas as pd

from grading.testing import (
    COARSE,
    FLOAT32,
    awkward,
    close,
    equal,
    grades,
    has_type,
    raises,
    same_frame,
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
