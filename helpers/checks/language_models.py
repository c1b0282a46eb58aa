"""Visible checks of lesson 8."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from helpers.checks.core import examples
from helpers.checks.expect import close, equal, of_type, raises, runs, that, unchanged
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
        given = say("For two rows of three labels, a baseline of the shape {1}", shape)
        size = str(int(np.prod(shape)))
        raises(
            lambda s=shape: answer(np.zeros((2, 3)), np.zeros(s)),
            ValueError,
            ("baseline", str(shape), size),
            given,
            say("NumPy broadcasts many shapes; only (3,) is right here."),
        )


def _trials(names: str, scores: Any, seconds: Any, **columns: Any) -> pd.DataFrame:
    """Return trials whose names have one letter each."""
    return pd.DataFrame({"name": list(names), "macro_f1": scores, "seconds": seconds, **columns})


def _expect_names(answer: Any, trials: pd.DataFrame, expected: str, likely: Any) -> pd.DataFrame:
    """Expect the names of the kept rows, in this order; a wrong result is a text of names, too."""
    rows = trials[["name", "macro_f1", "seconds"]].to_numpy().tolist()
    given = say("For trials of name, macro_f1 and seconds {1}, the names", rows)
    got = runs(lambda: unchanged(answer, trials, given="pareto_front"), given)
    of_type(got, pd.DataFrame, "pareto_front")
    that("name" in got.columns, say("The column name is lost: keep all columns."))
    if not isinstance(likely, str):
        likely = {text: list(names) for text, names in likely.items()}
    equal(list(got["name"]), list(expected), given, likely)
    return got


@examples("pareto_front")
def _(answer: Any) -> None:
    trials = _trials("abcd", [0.9, 0.5, 0.7, 0.6], [60.0, 2.0, 9.0, 20.0])
    _expect_names(
        answer,
        trials,
        "bca",
        {
            say("They are the right ones; the cheapest comes first."): "acb",
            say("They are right, but in the order of the frame; the cheapest comes first."): "abc",
            say("That is every row, but c is better than d in both."): "bcda",
            say("Those are the rows that are beaten."): "d",
            say("That is the best alone; a cheaper row is not beaten by it."): "a",
            say("That is the cheapest alone; a better row is not beaten by it."): "b",
            say("Less seconds are better."): "a",
        },
    )
    for names, scores, seconds, expected, likely in (
        ("ab", [0.5, 0.7], [3.0, 3.0], "b", say("Equal seconds: the better macro_f1 beats.")),
        ("ab", [0.7, 0.7], [5.0, 3.0], "b", say("Equal macro_f1: the cheaper row beats.")),
        ("pqr", [0.7, 0.7, 0.9], [3, 3, 8], "pqr", say("Equal rows do not beat each other.")),
        ("zya", [0.7] * 3, [3, 3, 3], "zya", say("Equal rows stay in their order.")),
        ("abc", [0.5, 0.52, 0.9], [1, 9, 10], "abc", say("b is beaten by no single row.")),
        ("ab", [0.7, 0.7 + 1e-9], [3, 4], "ab", say("However little they differ: no rounding.")),
        ("ab", [0.0, 0.4], [1, 2], "ab", say("A macro_f1 of 0 may be the cheapest row's.")),
        ("ab", [0.4, 0.9], [1, np.inf], "ab", say("inf is a number of seconds, not NaN.")),
        ("abc", [0.4, np.nan, 0.6], [5, 1, 9], "ac", say("Leave out rows with NaN.")),
        ("abc", [0.4, 0.9, 0.6], [5, np.nan, 9], "ac", say("Leave out rows with NaN.")),
        ("abc", [0.9, 0.5, 0.6], [1, 2, 3], "a", say("Every row counts, not only the next one.")),
        ("ab", [0.5, 0.7], [3.2, 3.4], "ab", say("However little they differ: no rounding.")),
        ("ab", [0.7, 0.7], [3, 3 + 1e-9], "a", say("However little they differ: no rounding.")),
        ("a", [0.1], [7.0], "a", say("No other row beats a single one.")),
    ):
        _expect_names(answer, _trials(names, scores, seconds), expected, likely)
    _expect_frame_kept(answer)


def _expect_frame_kept(answer: Any) -> None:
    kind = pd.Categorical(["x", "y", "x"], categories=["x", "y", "z"])
    more = _trials("abc", [0.75, 0.5, 0.25], [60, 2, 9], note=[None, None, "n"], kind=kind)
    more = more[["kind", "seconds", "note", "macro_f1", "name"]].astype({"macro_f1": np.float32})
    more = more.set_axis(pd.Index([7, 7, 7], name="run"))
    likely = say("Choose rows by their place: the index may repeat, and other columns may be NaN.")
    got = _expect_names(answer, more, "ba", likely)
    equal(
        list(got.columns),
        list(more.columns),
        say("For a frame with more columns, in another order, the columns of the result"),
        say("No column is added, left out or moved."),
    )
    equal(
        [str(dtype) for dtype in got.dtypes],
        [str(dtype) for dtype in more.dtypes],
        say("For columns of many dtypes, the dtypes of the result"),
        say("Choose rows of the frame instead of building a new one."),
    )
    that(
        got["kind"].dtype == more["kind"].dtype,
        say("A column of categories keeps all of them, those without a row, too."),
    )
    equal(
        list(got.index),
        [7, 7],
        say("For the index 7, 7, 7, that of the two rows that are kept"),
        say("Rows keep their index values."),
    )
    equal(got.index.name, "run", say("For an index named run, the name of the result's index"))
    given = say("For a frame without rows")
    for rows in (more[:0], more.assign(macro_f1=np.nan)):
        empty = runs(lambda r=rows: answer(r), given)
        of_type(empty, pd.DataFrame, given)
        likely = say("Columns and dtypes stay; an empty list of rows chooses columns instead.")
        equal(list(empty.columns), list(more.columns), say("{1}, the columns", given), likely)
        equal(
            [str(dtype) for dtype in empty.dtypes],
            [str(dtype) for dtype in rows.dtypes],
            say("{1}, the dtypes", given),
            likely,
        )
        equal(len(empty), 0, say("{1}, the number of rows", given))
        given = say("For a frame whose macro_f1 is always NaN")
