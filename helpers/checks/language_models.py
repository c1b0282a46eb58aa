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
