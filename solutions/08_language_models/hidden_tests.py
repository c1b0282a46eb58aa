"""Hidden tests of lesson 8."""

import re

import numpy as np

from grading.testing import awkward, equal, grades, has_type, raises, unchanged

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
