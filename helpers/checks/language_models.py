"""Visible checks of lesson 8."""

from __future__ import annotations

from typing import Any

from helpers.checks.core import examples
from helpers.checks.expect import equal, of_type, raises, runs, unchanged
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
