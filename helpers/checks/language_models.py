"""Visible checks of lesson 8."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pandas as pd
import torch

from helpers.checks.core import examples
from helpers.checks.expect import close, equal, joined, of_type, raises, runs, that, unchanged
from helpers.checks.language import say
from helpers.checks.models import left_as_it_came


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


# ---- label_log_probabilities, contrastive_pairs, add_lora

_TOKENS = (
    *("<s>", "</s>", "<unk>", " ", "mood:"),
    *(" sad", " glad", " calm", " not", " very"),
    *("sad", "glad", "calm", "not", "very", "·"),
)
_NEXT: dict[str, dict[str, float]] = {
    "<s>": {"mood:": 1 / 4, " sad": 1 / 2},
    "</s>": {" sad": 1 / 16, " not": 1 / 4},
    "<unk>": {},
    " ": {" sad": 1 / 4, " glad": 1 / 2},
    "mood:": {" sad": 1 / 8, " not": 1 / 2, " glad": 1 / 32, " calm": 1 / 32, " very": 1 / 16},
    " sad": {"</s>": 1 / 2, " ": 1 / 8, " sad": 1 / 256},
    " not": {" sad": 1 / 2, " very": 1 / 4, " glad": 1 / 64},
    " very": {" sad": 1 / 4, " glad": 1 / 8},
}
"""How probable a token is after another; those that are not named share the rest evenly."""


def _follows(before: str, token: str) -> float:
    """Return the logarithm of how probable a token is after another."""
    named = _NEXT.get(before, {})
    rest = (1 - sum(named.values())) / (len(_TOKENS) - len(named))
    return math.log(named.get(token, rest))


def _chained(*tokens: str) -> float:
    """Return the log-probability of all tokens but the first, each after the one before it."""
    return sum(_follows(one, other) for one, other in itertools.pairwise(tokens))


def _word_tokenizer(end: str = "") -> Any:
    """Return a tokenizer of words, each with the blank before it; four tokens at most."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    ids = {token: number for number, token in enumerate(_TOKENS)}
    backend = Tokenizer(models.WordLevel(ids, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.Split(Regex(" ?[^ ]+| "), "isolated")
    backend.post_processor = processors.TemplateProcessing(
        single=f"<s> $A {end}".strip(), special_tokens=[("<s>", 0), ("</s>", 1)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        model_max_length=4,
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        pad_token="</s>",
    )


class _Watch:
    """Records in which mode a model computes, and fails if it is told to."""

    def __init__(self, model: Any) -> None:
        self.passes: list[tuple[bool, bool]] = []
        self.fails = False
        model.register_forward_pre_hook(self.look)

    def look(self, model: Any, _: Any) -> None:
        kept = torch.is_grad_enabled() and any(part.requires_grad for part in model.parameters())
        self.passes.append((any(part.training for part in model.modules()), kept))
        if self.fails:
            raise RuntimeError("out of memory")


def _chain() -> Any:
    """Return a real causal language model whose weights are set so that it follows `_NEXT`."""
    from transformers import LlamaConfig, LlamaForCausalLM

    size = len(_TOKENS)
    config = LlamaConfig(
        vocab_size=size,
        hidden_size=size,
        intermediate_size=size,
        num_hidden_layers=1,
        num_attention_heads=1,
        attention_dropout=0.5,
        bos_token_id=0,
        eos_token_id=1,
    )
    model = LlamaForCausalLM(config).eval()
    table = torch.tensor([[_follows(one, other) for other in _TOKENS] for one in _TOKENS])
    with torch.no_grad():
        for name, weights in model.named_parameters():
            weights.fill_(1.0 if "norm" in name else 0.0)
        # The norm makes 4 of the only number that is not 0.
        model.get_input_embeddings().weight.copy_(100 * torch.eye(size))
        model.get_output_embeddings().weight.copy_((table.T + 3) / 4)
    return model


@examples("label_log_probabilities")
def _(answer: Any) -> None:
    tokenizer, model = _word_tokenizer(), _chain()
    watch = _Watch(model)

    def expect(prompt: str, label: str, wanted: float, likely: Any = "", words: Any = None) -> None:
        given = say("The sum of the label {1} after the prompt {2}", repr(label), repr(prompt))
        got = runs(lambda: answer(prompt, [label], words or tokenizer, model), given)
        of_type(got, dict, given)
        equal(list(got), [label], joined(given, say("The keys of the dict")))
        close(got[label], wanted, given, likely, tolerance=1e-4)
        of_type(got[label], float, given)

    one = math.log(1 / 8)
    own = say("The logits at a place are about the next token: read one place earlier.")
    kept = {
        say("Those are logits: `log_softmax` makes log-probabilities of them."): one + 3,
        say("That is the probability; its logarithm is wanted."): 1 / 8,
        say("Those are logarithms to the base 2; natural ones are wanted."): one / math.log(2),
        say("That is the loss, which has the other sign."): -one,
        say("The label's blank is missing: after 'mood:' comes ' sad'."): _chained("mood:", "sad"),
        own: _chained(" sad", " sad"),
        say("The label has special tokens there; `add_special_tokens=False` leaves them out."): (
            _chained("mood:", "<s>", " sad")
        ),
        say("The prompt's own tokens are not part of the sum."): _chained("<s>", "mood:", " sad"),
        say("That is relative to the other labels; no softmax over the labels."): 0.0,
        say("The softmax runs over the places of the text; tokens lie along the last axis."): (
            math.log(1 / 8 / (1 / 2 + 1 / 8 + 1 / 256))
        ),
    }
    expect("mood:", "sad", one, kept)
    three = _chained("mood:", " not", " very", " sad")
    parts = [math.log(1 / 2), math.log(1 / 4), math.log(1 / 4)]
    expect(
        "mood:",
        "not very sad",
        three,
        {
            say("That is the mean of its three tokens; their sum is wanted."): three / 3,
            say("That is its first token alone."): parts[0],
            say("That is its last token alone."): parts[2],
            say("That sums probabilities; sum their logarithms."): 1.0,
            say("Each token is read right behind the prompt; the tokens before it count, too."): (
                sum(_follows("mood:", token) for token in (" not", " very", " sad"))
            ),
            say("Those are logits: `log_softmax` makes log-probabilities of them."): three + 9,
            own: sum(_chained(token, token) for token in (" not", " very", " sad")),
        },
    )
    _check_order(answer, tokenizer, model)
    expect(
        "",
        "sad",
        math.log(1 / 2),
        say("The prompt is not without tokens: this tokenizer puts <s> in front."),
    )
    expect(
        "mood:",
        "sad",
        math.log(1 / 16),
        {
            say("This tokenizer ends the prompt with </s>, as it does by default."): one,
            say("The label has special tokens there, or is cut out of a longer text."): (
                _chained("</s>", "<s>", " sad", "</s>")
            ),
            say("Tokenize the prompt and the label one by one, not together."): (
                _follows(" sad", "</s>")
            ),
        },
        _word_tokenizer("</s>"),
    )
    expect(
        "mood: mood: mood: mood: not",
        "sad",
        math.log(1 / 2),
        {
            say("The prompt is cut at the tokenizer's maximum; none of it may be lost."): (
                _follows("<unk>", " sad")
            )
        },
    )
    expect(
        "mood: ",
        "sad",
        math.log(1 / 4),
        {say("The blank at the end of the prompt is part of it."): one},
    )
    expect(
        "mood:",
        " sad",
        _chained("mood:", " ", " sad"),
        {say("A label stays as it is, with the blanks at its ends."): one},
    )
    expect(
        "mood:",
        "Sad",
        _chained("mood:", "<unk>"),
        {say("A label stays as it is, with its capitals."): one},
    )
    _check_model(answer, tokenizer, model, watch)


def _check_order(answer: Any, tokenizer: Any, model: Any) -> None:
    labels = ["sad", "not very sad", "not sad", "not glad"]
    given = say("For the labels {1} after the prompt 'mood:'", labels)
    got = runs(
        lambda: unchanged(
            lambda names: answer("mood:", names, tokenizer, model), labels, given=given
        ),
        given,
    )
    of_type(got, dict, given)
    equal(sorted(got), sorted(labels), say("{1}: the sorted keys", given))
    for label in labels:
        wanted = _chained("mood:", *(f" {word}" for word in label.split()))
        close(
            got[label],
            wanted,
            say("{1}: the sum of {2}", given, repr(label)),
            say(
                "Labels differ in length and begin alike: is padding, or another label, part of it?"
            ),
            tolerance=1e-4,
        )
    best = ["not sad", "sad", "not very sad", "not glad"]
    equal(
        list(got),
        best,
        say("{1}: the keys in their order", given),
        {
            say("That is the order given; the best comes first."): labels,
            say("The worst comes first; the best is wanted there."): best[::-1],
            say("They are sorted by name; sort by the sums."): sorted(labels),
        },
    )
    for equals in (["glad", "calm"], ["calm", "glad"]):
        got = answer("mood:", equals, tokenizer, model)
        if got["glad"] == got["calm"]:
            equal(
                list(got),
                equals,
                say("For the labels {1}, which have equal sums, the keys", equals),
                say("Equals stay in the order given: `sorted` does that, also with `reverse`."),
            )


def _check_model(answer: Any, tokenizer: Any, model: Any, watch: _Watch) -> None:
    modes = {True: say("training"), False: say("evaluation")}
    for training, mode in modes.items():
        model.train(training)
        watch.passes.clear()
        with left_as_it_came(model, say("For a model in {1} mode", mode)):
            answer("mood:", ["sad", "calm"], tokenizer, model)
        that(
            not any(mode for mode, _ in watch.passes),
            say("A model that comes in {1} mode must compute in evaluation mode.", mode),
        )
        that(
            not any(kept for _, kept in watch.passes),
            say("The forward pass keeps a record for gradients. Wrap it in `torch.no_grad()`."),
        )
        watch.fails = True
        with left_as_it_came(model, say("For a model in {1} mode that fails", mode)):
            try:
                answer("mood:", ["sad", "calm"], tokenizer, model)
            except RuntimeError:
                watch.fails = False
        that(
            not watch.fails,
            say("A model that fails must stop your code, too; yours goes on without its logits."),
        )
    half = _chain().to(torch.bfloat16)
    with left_as_it_came(half, say("For a model in half precision")):
        got = answer("mood:", ["not sad"], tokenizer, half)
    close(
        got["not sad"],
        math.log(1 / 4),
        say("The sum of the label 'not sad' with a model in half precision"),
        tolerance=0.1,
    )


@examples("contrastive_pairs")
def _(answer: Any) -> None:
    labels = ["joy", "fear", "joy"]
    given = say("For the labels {1} and pairs={2}", labels, 2)
    got = unchanged(lambda names: answer(names, 2), labels, given=given)
    of_type(got, np.ndarray, given)
    equal(got.shape, (2, 3), say("{1}: the shape", given), say("One row of three per pair."))
    that(
        got.dtype == np.int64,
        say("{1}: the numbers must be int64; yours are {2}.", given, got.dtype),
    )
    _expect_true_rows(got, labels, given)
    letters = list("abcab")
    for pairs in (1, 4, 5):
        given = say("For the labels {1} and pairs={2}", letters, pairs)
        rows = runs(
            lambda pairs=pairs: answer(letters, pairs),
            given,
            say("There are 2 pairs of one class and 8 of two: that is enough."),
        )
        _expect_true_rows(rows, letters, given)
        equal(
            (int(rows[:, 2].sum()), len(rows)),
            (pairs // 2, pairs),
            say("{1}: the number of pairs of one class, and of all pairs", given),
            say("`pairs // 2` are of one class, the rest of two."),
        )
    _check_kinds_of_labels(answer)
    _check_chance(answer)
    for few, pairs, what in (
        (["a", "b", "c"], 2, say("There is no pair of one class.")),
        (["a", "a", "a"], 1, say("There is no pair of two classes.")),
        (["a", "a", "a", "b"], 7, say("There are three pairs of two classes.")),
        (["a", "a", "b", "b"], 6, say("There are two pairs of one class.")),
    ):
        raises(
            lambda few=few, pairs=pairs: answer(few, pairs),
            ValueError,
            ("same", "different"),
            say("For the labels {1} and pairs={2}, contrastive_pairs", few, pairs),
            joined(what, say("Compare their number with the wanted one before you draw.")),
        )


def _expect_true_rows(rows: Any, labels: Any, given: str) -> None:
    """Expect that every row is a new pair of two places and says whether these are of one class."""
    met: list[set[int]] = []
    for first, second, same in rows.tolist():
        row = say("{1} one row is {2}", given, [first, second, same])
        here = min(first, second) >= 0 and max(first, second) < len(labels)
        that(
            here and same in (0, 1),
            say(
                "{1}. Expected two places from 0 to {2}, and then 1 (one class) or 0 (two).",
                row,
                len(labels) - 1,
            ),
        )
        that(first != second, say("{1}: a message is paired with itself.", row))
        true = 1 if labels[first] == labels[second] else 0
        that(
            same == true,
            say(
                "{1}, but the labels at these places are {2} and {3}, so that the last number "
                "must be {4}.",
                row,
                repr(labels[first]),
                repr(labels[second]),
                true,
            ),
        )
        that(
            {first, second} not in met,
            say("{1}, but this pair came before, perhaps the other way round.", row),
        )
        met.append({first, second})


def _check_kinds_of_labels(answer: Any) -> None:
    by_place = say("Place 0 is the first label, whatever the index: `np.asarray` drops the index.")
    as_given = say("Labels are equal if all of their characters are.")
    numbers = [7, 7, -2, -2, 30]
    for kind, given, plain in (
        (say("a Series whose index begins at 5"), pd.Series(numbers, range(5, 10)), numbers),
        (say("a Series whose index is reversed"), pd.Series(numbers, range(4, -1, -1)), numbers),
        (say("a tuple"), tuple("aabbc"), "aabbc"),
        (say("an array of strings"), np.array(list("aabbc")), "aabbc"),
        (say("labels with capitals and blanks"), ["no", "No", "no", " no"], None),
    ):
        text = say("For {1}, {2}, and pairs={3}", kind, list(given), 3)
        likely = by_place if isinstance(given, pd.Series) else as_given
        rows = runs(lambda given=given: answer(given, 3), text, likely)
        _expect_true_rows(rows, plain or given, text)
    before = ["b", "a", "b", "a"]
    unchanged(lambda names: answer(names, 2), before, given="contrastive_pairs")


def _check_chance(answer: Any) -> None:
    labels = list("aaabbbccc")
    draws = [answer(labels, 16, seed=seed) for seed in range(20)]
    that(
        np.array_equal(draws[0], answer(labels, 16, seed=0))
        and np.array_equal(draws[7], answer(labels, 16, seed=7)),
        say("Two calls with the same seed give different rows. Is every draw made with the seed?"),
    )
    that(
        np.array_equal(draws[0], answer(labels, 16)),
        say("Without a seed the rows must be those of seed=0, the default."),
    )
    that(
        len({rows.tobytes() for rows in draws}) == len(draws),
        say("Different seeds give the same rows. Is the parameter used?"),
    )
    orders = {tuple(rows[:, 2].tolist()) for rows in draws}
    sorted_ways = {(1,) * 8 + (0,) * 8, (0,) * 8 + (1,) * 8}
    that(
        sum(tuple(rows[:, 2].tolist()) in sorted_ways for rows in draws) < 3,
        say("One kind of pair comes first and then the other: shuffle the rows."),
    )
    that(
        len(orders) > 5,
        say("For every seed the kinds of pairs come in the same order: shuffle by the seed."),
    )
    few = list("aabbc")
    found = {
        (min(one, other), max(one, other))
        for seed in range(300)
        for one, other, _ in answer(few, 3, seed=seed).tolist()
    }
    missing = [pair for pair in itertools.combinations(range(5), 2) if pair not in found]
    that(
        not missing,
        say(
            "In 300 draws of three pairs from the labels {1} these pairs never come: {2}. "
            "Each one must have a chance.",
            few,
            missing,
        ),
    )


def _small_layer(bias: bool = True, dtype: Any = torch.float32) -> Any:
    """Return a layer from two features to three; for 1, 1 it gives 3, 7, 11 plus the bias."""
    layer = torch.nn.Linear(2, 3, bias=bias, dtype=dtype)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
        if bias:
            layer.bias.copy_(torch.tensor([10.0, 20.0, 30.0]))
    return layer


def _filled(answer: Any, layer: Any, **options: Any) -> Any:
    """Return an adapter of rank 2 whose A is [[1, 1], [0, 2]], and whose B has rows 10, 01, 11."""
    made = answer(layer, rank=2, **options)
    parts = dict(made.named_parameters())
    with torch.no_grad():
        parts["lora_a"].copy_(torch.tensor([[1.0, 1.0], [0.0, 2.0]]))
        parts["lora_b"].copy_(torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]))
    return made


@examples("add_lora")
def _(answer: Any) -> None:
    given = say("For a layer from 2 to 3 features and rank={1}", 4)
    made = answer(_small_layer(), rank=4)
    of_type(made, torch.nn.Module, given)
    _expect_two_parameters(made, 4, given, torch.float32)
    parts = dict(made.named_parameters())
    that(
        not parts["lora_b"].any(),
        say("{1}: lora_b must be all zeros. Else the results change before any training.", given),
    )
    that(
        bool(parts["lora_a"].any()),
        say("{1}: lora_a is all zeros, too. Then no gradient reaches either matrix.", given),
    )
    again = dict(answer(_small_layer(), rank=4).named_parameters())["lora_a"]
    that(
        not torch.equal(parts["lora_a"], again),
        say("Two calls give the same lora_a: draw it at random in each call."),
    )
    _expect_two_parameters(answer(_small_layer()), 8, say("If rank is left out (8)"), torch.float32)
    _check_results(answer)
    _check_steps(answer)
    for dtype in (torch.float64, torch.bfloat16, torch.float16):
        given = say("For a layer of the dtype {1}", dtype)
        made = answer(_small_layer(dtype=dtype), rank=1)
        _expect_two_parameters(made, 1, given, dtype)
        got = _passed(made, torch.ones(2, dtype=dtype), given)
        that(got.dtype == dtype, say("{1}: the results have the dtype {2}.", given, got.dtype))
        own = [13.0, 27.0, 41.0]
        close(got.float(), own, say("{1}: the result for 1, 1", given), tolerance=1e-2)
    _check_device(answer)
    for rank in (0, -3):
        layer = _small_layer()
        raises(
            lambda rank=rank, layer=layer: answer(layer, rank=rank),
            ValueError,
            ("rank", str(rank)),
            f"rank={rank}",
            say("A matrix of no rows, or fewer, adapts nothing."),
        )
        that(
            layer.weight.requires_grad and layer.bias.requires_grad,
            say(
                "rank={1}: the layer is frozen, though the rank was refused. Check it first.", rank
            ),
        )


def _expect_two_parameters(made: Any, rank: int, given: str, dtype: Any) -> None:
    parts = dict(made.named_parameters())
    for name, shape in (("lora_a", (rank, 2)), ("lora_b", (3, rank))):
        that(
            name in parts,
            say(
                "{1}: the module has no parameter {2}; it has {3}. `torch.nn.Parameter` makes one "
                "of a tensor.",
                given,
                name,
                ", ".join(parts),
            ),
        )
        equal(tuple(parts[name].shape), shape, say("{1}: the shape of {2}", given, name))
        that(
            parts[name].dtype == dtype,
            say("{1}: {2} has the dtype {3}.", given, name, parts[name].dtype),
        )
    equal(
        sorted(name for name, part in parts.items() if part.requires_grad),
        ["lora_a", "lora_b"],
        say("{1}: the trainable parameters", given),
        say("The layer, with its bias, must be frozen; the two matrices must not."),
    )


def _passed(made: Any, numbers: Any, given: str) -> Any:
    """Return what a module makes of an input."""
    likely = say("Inputs have one dimension or more, of which the last holds the features.")
    got = runs(lambda: made(numbers), given, likely)
    of_type(got, torch.Tensor, given)
    return got


def _check_results(answer: Any) -> None:
    ones, own = torch.ones(2), np.array([13.0, 27.0, 41.0])
    layer = _small_layer()
    given = say("Before any training, the result for 1, 1")
    close(
        _passed(answer(layer, rank=3), ones, given),
        own,
        given,
        {
            say("The layer's bias is lost."): [3.0, 7.0, 11.0],
            say("The layer's bias comes twice."): [23.0, 47.0, 71.0],
            say("The layer's own result is not part of it."): [0.0, 0.0, 0.0],
        },
    )
    change = np.array([2.0, 2.0, 4.0])
    for options, scale in (({"alpha": 6.0}, 3.0), ({"alpha": 1}, 0.5), ({}, 8.0)):
        alpha = options.get("alpha", 16.0)
        given = say(
            "With A = [[1, 1], [0, 2]], B = [[1, 0], [0, 1], [1, 1]], rank=2 and alpha={1}, the "
            "result for 1, 1",
            f"{alpha:g}",
        )
        layer = _small_layer()
        made = _filled(answer, layer, **options)
        got = _passed(made, ones, given)
        close(
            layer.weight,
            [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]],
            say("The layer's weight after a pass"),
            say("It must keep its values: add the product to the results, not to the weight."),
        )
        that(
            all(torch.equal(got, made(ones)) for _ in range(20)),
            say("{1} differs from pass to pass: nothing in it may be random.", given),
        )
        close(
            got,
            own + scale * change,
            given,
            {
                say("The factor alpha / rank is missing."): own + change,
                say("The factor is alpha alone; divide by the rank."): own + alpha * change,
                say("The factor is upside down."): own + 2 / alpha * change,
                say("It divides by the root of the rank."): own + alpha / 2**0.5 * change,
                say("The factor is rounded to a whole number."): own + alpha // 2 * change,
                say("The default of alpha is 16."): own + 4 * change,
                say("The layer's own result is not part of it."): scale * change,
                say("The matrices have no effect: multiply by them in every pass."): own,
            },
        )
    made = _filled(answer, _small_layer(bias=False), alpha=6.0)
    given = say("With a layer that has no bias, the result for 1, 1")
    close(_passed(made, ones, given), [9.0, 13.0, 23.0], given)
    for shape in ((5, 2), (4, 5, 2), (2, 1, 5, 2), (0, 2)):
        given = say("For an input of the shape {1}, the result", shape)
        got = _passed(made, torch.ones(shape), given)
        likely = say("`@` multiplies along the last dimension, whatever comes before it.")
        close(got, np.broadcast_to([9.0, 13.0, 23.0], (*shape[:-1], 3)), given, likely)


def _check_steps(answer: Any) -> None:
    """Expect two steps of gradient descent on the sum of the results for 1, 1, from B = 0."""
    layer = _small_layer()
    made = _filled(answer, layer, alpha=6.0)
    parts = dict(made.named_parameters())
    with torch.no_grad():
        parts["lora_b"].zero_()
    optimizer = torch.optim.SGD([part for part in parts.values() if part.requires_grad], lr=0.1)
    for name, wanted, what in (
        ("lora_b", [[-0.6, -0.6]] * 3, say("After one step of training, lora_b")),
        ("lora_a", [[1.54, 1.54], [0.54, 2.54]], say("After two steps of training, lora_a")),
    ):
        optimizer.zero_grad()
        runs(lambda: made(torch.ones(2)).sum().backward(), say("The backward pass"))
        optimizer.step()
        close(
            parts[name],
            wanted,
            what,
            say("The gradient does not reach it as it is: is it detached, or a copy of it used?"),
        )
    likely = say("The layer keeps its values, also in training.")
    close(layer.bias, [10.0, 20.0, 30.0], say("After training, the layer's bias"), likely)
    close(
        layer.weight,
        [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]],
        say("After training, the layer's weight"),
        likely,
    )


def _check_device(answer: Any) -> None:
    """Try a device that only keeps shapes; code that reads numbers cannot run there."""
    try:
        parts = dict(answer(_small_layer().to("meta"), rank=1).named_parameters())
    except RuntimeError:
        return
    for name in ("lora_a", "lora_b"):
        that(
            parts[name].is_meta,
            say("For a layer on another device, {1} is on the {2}.", name, parts[name].device),
        )
