"""Visible checks of lesson 8."""

from __future__ import annotations

from typing import Any

import numpy as np

from helpers.checks.core import examples
from helpers.checks.expect import close, equal, of_type, raises, runs, unchanged
from helpers.checks.language import say


@examples("build_prompt")
def _(answer: Any) -> None:
    first = "Classify the message as one of: joy, anger"
    got = unchanged(lambda names: answer("so glad", names), ["joy", "anger"], given="build_prompt")
    of_type(got, str, "build_prompt")
    given = say("For the text 'so glad' and the labels joy and anger, the prompt")
    equal(
        got,
        f"{first}\n\nMessage: so glad\nLabel:",
        given,
        {
            say("A blank follows the last `Label:`."): f"{first}\n\nMessage: so glad\nLabel: ",
            say(
                "A line break follows the last `Label:`."
            ): f"{first}\n\nMessage: so glad\nLabel:\n",
            say("The empty line above `Message:` is missing."): (
                f"{first}\nMessage: so glad\nLabel:"
            ),
            say("Labels keep the order in which they come."): (
                "Classify the message as one of: anger, joy\n\nMessage: so glad\nLabel:"
            ),
            say("Labels are joined by a comma and a blank."): (
                "Classify the message as one of: joy,anger\n\nMessage: so glad\nLabel:"
            ),
            say("The line `Label:` is missing."): f"{first}\n\nMessage: so glad",
        },
    )
    _expect_examples(answer)
    _expect_plain_text(answer)
    given = say("For no labels, `build_prompt`")
    raises(lambda: answer("so glad", []), ValueError, ("label", "[]"), given)
    for label, likely in (
        ("fear", say("A model that reads it may answer with a label that you don't know.")),
        ("Joy", say("An example's label must be exactly one of the labels, capitals too.")),
        ("jo", say("`in` finds a part of a word in a string; look in the list.")),
        (" joy", say("Labels are compared as they are, blanks too.")),
    ):
        given = say("For the labels joy and anger, an example whose label is {1}", repr(label))
        pairs = [("hurray", "joy"), ("hm", label)]
        raises(lambda p=pairs: answer("x", ["joy", "anger"], p), ValueError, label, given, likely)


def _expect_examples(answer: Any) -> None:
    first = "Classify the message as one of: joy, anger"
    glad, out, hm = (
        "Message: so glad\nLabel: joy",
        "Message: OUT\nLabel: anger",
        "Message: hm\nLabel:",
    )
    pairs = [("so  glad", "joy"), ("so  glad", "joy"), ("OUT", "anger")]
    prompt = unchanged(
        lambda rows: answer("hm", ["joy", "anger"], rows), pairs, given="build_prompt"
    )
    wide = glad.replace("so", "so ")
    equal(
        prompt,
        "\n\n".join([first, glad, glad, out, hm]),
        say("For the text 'hm' and the examples {1}, the prompt", pairs),
        {
            say("The examples come before the text."): "\n\n".join([first, hm, glad, glad, out]),
            say("Examples keep the order in which they come."): "\n\n".join(
                [first, out, glad, glad, hm]
            ),
            say("An example that comes twice stays twice."): "\n\n".join([first, glad, out, hm]),
            say("White space is made one blank in the messages of examples, too."): "\n\n".join(
                [first, wide, wide, out, hm]
            ),
            say("Messages keep their capitals."): "\n\n".join([first, glad, glad, out.lower(), hm]),
            say("Examples are missing from the prompt."): "\n\n".join([first, hm]),
            say("An empty line stands between examples."): "\n".join([first, glad, glad, out, hm]),
        },
    )
    equal(
        runs(lambda: answer("hm", ["joy", "anger"], tuple(pairs)), say("For a tuple of examples")),
        "\n\n".join([first, glad, glad, out, hm]),
        say("For the same examples in a tuple, the prompt"),
    )
    equal(
        answer("hm", ["Very  sad", "no"], [("", "no"), ("a", "Very  sad")]),
        "Classify the message as one of: Very  sad, no\n\n"
        "Message: \nLabel: no\n\nMessage: a\nLabel: Very  sad\n\nMessage: hm\nLabel:",
        say("For the labels 'Very  sad' and 'no', and one example of each, the first one empty"),
        say("Labels stay as they are, and an empty message is an example, too."),
    )


def _expect_plain_text(answer: Any) -> None:
    one = "Classify the message as one of: joy\n\nMessage: "
    for text, plain, likely in (
        ("  so glad ", "so glad", say("White space at the ends is left out: `str.strip`.")),
        ("so   glad", "so glad", say("Several blanks become one.")),
        ("so\tglad", "so glad", say("A tab is white space, too.")),
        ("so \n glad\n", "so glad", say("A line break is white space, too.")),
        ("so\xa0glad", "so glad", say("A blank that does not break is white space, too.")),
        ("\t ", "", say("A blank message leaves `Message: ` with nothing behind it.")),
        ("Née {0} %s \\n", "Née {0} %s \\n", say("Nothing else in a message changes.")),
    ):
        given = say("For the text {1} and the label joy, the prompt", repr(text))
        equal(
            runs(lambda t=text: answer(t, ["joy"]), given), f"{one}{plain}\nLabel:", given, likely
        )


@examples("parse_label")
def _(answer: Any) -> None:
    labels = ["joy", "anger"]
    got = unchanged(lambda names: answer("joy", names), labels, given="parse_label")
    of_type(got, str, "parse_label")
    for reply, expected, likely in (
        ("joy", "joy", say("That is the reply's only word.")),
        ("I think\nit is anger.", "anger", say("A label may stand anywhere in the reply.")),
        ("ANGER", "anger", say("Capitals don't matter; return the label as it is in `labels`.")),
        ("Joy, joy!", "joy", say("A label that occurs twice is still one label.")),
        ("fear", None, say("That is none of the labels.")),
        ("", None, say("An empty reply has no label.")),
        ("joy or anger", None, say("Two labels occur: that is no clear answer.")),
        ("anger, not Joy", None, say("Two labels occur: that is no clear answer.")),
        ("enjoy", None, say("Only whole words count; `in` finds parts, too.")),
        ("joyful", None, say("Only whole words count.")),
        ("joy_1", None, say("An underscore right after it makes it another word.")),
        ("joy7", None, say("A digit right after it makes it another word.")),
        ("joyé", None, say("Letters of every alphabet count as letters.")),
        ("enjoy joy", "joy", say("The first place is no whole word, but the second is.")),
        ("(joy)\n", "joy", say("Punctuation and white space may stand right beside a label.")),
    ):
        _expect_label(answer, reply, labels, expected, likely)
    _expect_json(answer)
    for reply, names, expected, likely in (
        ("not sure", ["sure", "not sure"], None, say("*sure* is in it as a whole word, too.")),
        ("Very sad.", ["joy", "very sad"], "very sad", say("A label may have several words.")),
        ("it is c++ !", ["c++", "joy"], "c++", say("`\\b` needs a letter beside it; + is none.")),
        ("sxo", ["s.o", "joy"], None, say("A dot is a dot in a label: `re.escape`.")),
        ("ÉTÉ", ["été"], "été", say("Accented letters have capitals, too.")),
        ("été", ["joy", "ÉTÉ"], "ÉTÉ", say("Return the label as it is in `labels`.")),
        ("joy", [], None, say("Without labels none occurs.")),
    ):
        _expect_label(answer, reply, names, expected, likely)


def _expect_label(
    answer: Any, reply: str, labels: list[str], expected: str | None, likely: str
) -> None:
    given = say("For the reply {1} and the labels {2}, the result", repr(reply), labels)
    equal(runs(lambda: answer(reply, labels), given, likely), expected, given, likely)


def _expect_json(answer: Any) -> None:
    alone = say("There is a string under `label`: read that alone.")
    around = say("The JSON goes from the first { to the last }; text around it is left out.")
    whole = say("There is no string under `label`, so the whole reply is read.")
    broken = say("That is not JSON, so the whole reply is read.")
    for reply, expected, likely in (
        ('{"label": "joy"}', "joy", alone),
        ('{"label": "Joy!", "why": "no anger"}', "joy", alone),
        ('{"why": "anger", "label": "fear"}', None, alone),
        ('{"why": "anger", "label": ""}', None, say("An empty string is a string, too.")),
        ('No anger: {"label": "joy"} Not anger.', "joy", around),
        ('{\n "label": "joy",\n "anger": {"is": 0}\n}', "joy", around),
        ('[{"label": "joy", "why": "no anger"}]', "joy", around),
        ('{"label": "\\u006aoy"}', "joy", say("JSON has escapes: let `json.loads` read it.")),
        ('{"label": ["joy"]}', "joy", whole),
        ('{"label": ["joy"], "why": "anger"}', None, whole),
        ('{"label": null, "why": "joy"}', "joy", whole),
        ('{"Label": "joy", "why": "no anger"}', None, whole),
        ('{"is": {"label": "joy"}, "not": "anger"}', None, whole),
        ('["joy"]', "joy", whole),
        ("{} joy", "joy", whole),
        ("{'label': 'joy'}", "joy", broken),
        ("{'label': 'joy', 'why': 'no anger'}", None, broken),
        ('{"label": "joy"', "joy", broken),
        ("} joy {", "joy", broken),
        ('{"label": "joy"} {"label": "anger"}', None, broken),
    ):
        _expect_label(answer, reply, ["joy", "anger"], expected, likely)


@examples("calibrate")
def _(answer: Any) -> None:
    rows = np.array([[-1.0, -3.0], [-1.0, -2.0], [-1.0, -7.0]])
    got = unchanged(answer, rows, given="calibrate")
    of_type(got, np.ndarray, "calibrate")
    close(
        got,
        [[0.268941, 0.731059], [0.119203, 0.880797], [0.952574, 0.047426]],
        say("For the log-probabilities {1} without a baseline, the probabilities", rows.tolist()),
        {
            say("Nothing that matters is subtracted: take the mean of each column, not row."): [
                [0.880797, 0.119203],
                [0.731059, 0.268941],
                [0.997527, 0.002473],
            ],
            say("The baseline is added there; subtract it."): [
                [0.993307, 0.006693],
                [0.982014, 0.017986],
                [0.999877, 0.000123],
            ],
            say("Columns sum to 1 there; rows must: another `axis`."): [
                [0.333333, 0.267623],
                [0.333333, 0.727475],
                [0.333333, 0.004902],
            ],
            say("Those are the logarithms of the probabilities."): [
                [-1.313262, -0.313262],
                [-2.126928, -0.126928],
                [-0.048587, -3.048587],
            ],
            say("Divide by the sum of the row, so that it sums to 1."): [
                [1.0, 2.718282],
                [1.0, 7.389056],
                [1.0, 0.049787],
            ],
            say("Those are differences; their softmax is wanted."): [[0, 1], [0, 2], [0, -3]],
            say("That takes the mean of the probabilities; take that of the log-probabilities."): [
                [0.554671, 0.445329],
                [0.314226, 0.685774],
                [0.985508, 0.014492],
            ],
            say("All entries together sum to 1 there; each row must."): [
                [0.076004, 0.206602],
                [0.076004, 0.561601],
                [0.076004, 0.003784],
            ],
            say("That is the median; take the mean."): [
                [0.5, 0.5],
                [0.268941, 0.731059],
                [0.982014, 0.017986],
            ],
        },
    )
    _expect_given_baseline(answer)
    _expect_stable(answer)
    close(
        answer(np.array([[-4.0, -2.0, -9.0, -3.0]])),
        [[0.25, 0.25, 0.25, 0.25]],
        say("For a single row of four labels without a baseline, the probabilities"),
        say("The row is its own mean, so nothing is left of it."),
    )
    for count in (None, 3):
        given = say("For no rows of three labels")
        baseline = None if count is None else np.zeros(count)
        likely = say("The shape stays (0, 3).")
        empty = runs(lambda b=baseline: answer(np.zeros((0, 3)), b), given, likely)
        equal(np.shape(empty), (0, 3), say("{1}, the shape of the result", given), likely)
    _expect_bad_shapes(answer)


def _expect_given_baseline(answer: Any) -> None:
    row, baseline = np.array([[-1.0, -3.0]]), np.array([0.0, -1.0])
    given = say("For the log-probabilities -1, -3 and the baseline 0, -1, the probabilities")
    close(
        unchanged(answer, row, baseline, given="calibrate"),
        [[0.731059, 0.268941]],
        given,
        {
            say("The baseline has no effect."): [[0.880797, 0.119203]],
            say("The baseline is added there; subtract it."): [[0.952574, 0.047426]],
            say("The mean is subtracted there; take the given baseline alone."): [[0.5, 0.5]],
            say("The baseline holds log-probabilities already: no `np.exp`."): [
                [0.797037, 0.202963]
            ],
        },
    )
    two = np.array([[-1.0, -3.0], [-2.0, -2.0]])
    close(
        answer(two, np.zeros(2)),
        [[0.880797, 0.119203], [0.5, 0.5]],
        say("For the log-probabilities {1} and the baseline 0, 0, the probabilities", two.tolist()),
        say("Zeros are a baseline, too: ask whether it `is None`."),
    )
    given = say("For integers and a baseline of float32, the probabilities")
    likely = say("An array of integers cannot hold fractions; make a float array first.")
    half = np.array([0.5, -0.5], dtype=np.float32)
    close(
        runs(lambda: answer(np.array([[-1, -3]]), half), given, likely),
        [[0.731059, 0.268941]],
        given,
        likely,
    )
    close(
        answer(np.array([[-1.0, -np.inf, -1.0]]), np.array([0.0, 0.0, 0.0])),
        [[0.5, 0.0, 0.5]],
        say("For the log-probabilities -1, -inf, -1 and the baseline 0, 0, 0, the probabilities"),
        say("`np.exp` of -inf is 0; nothing needs to be replaced."),
    )


def _expect_stable(answer: Any) -> None:
    likely = say("Subtract the largest value of each row before `np.exp`.")
    for row, expected in (
        ([1e4, 1e4], [0.5, 0.5]),
        ([-1e4, -1e4], [0.5, 0.5]),
        ([1e4, -1e4], [1.0, 0.0]),
        ([-9999.0, -1e4], [0.731059, 0.268941]),
    ):
        given = say("For the log-probabilities {1} and the baseline 0, 0, the probabilities", row)
        close(answer(np.array([row]), np.zeros(2)), [expected], given, likely)
    far = np.array([[1e4, 1e4], [0.0, 1.0], [-1e4, -1e4]])
    given = say(
        "For the log-probabilities {1} and the baseline 0, 0, the probabilities", far.tolist()
    )
    likely = say("The largest value of a whole array is far above some rows: take each row's own.")
    expected = [[0.5, 0.5], [0.268941, 0.731059], [0.5, 0.5]]
    close(answer(far, np.zeros(2)), expected, given, likely)


def _expect_bad_shapes(answer: Any) -> None:
    for shape in ((3,), (2, 3, 4), ()):
        given = say("For log_probabilities of the shape {1}, `calibrate`", shape)
        baseline = np.zeros(shape[-1:])
        raises(
            lambda s=shape, b=baseline: answer(np.zeros(s), b),
            ValueError,
            ("log_probabilities", "log-probabilities", str(shape), str(len(shape))),
            given,
            say("Two dimensions are wanted: messages and labels."),
        )
    for shape in ((4,), (1,), (2,), (1, 3), (2, 3), (2, 1), ()):
        given = say("For two rows of three labels and a baseline of the shape {1}", shape)
        size = str(int(np.prod(shape)))
        raises(
            lambda s=shape: answer(np.zeros((2, 3)), np.zeros(s)),
            ValueError,
            ("baseline", str(shape), size),
            given,
            say("NumPy broadcasts many shapes; only (3,) is right here."),
        )
