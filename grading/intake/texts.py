"""Clean what a student wrote before it is written to a file or shown on a screen.

A notebook may contain characters that cannot be written as UTF-8 (half of a surrogate pair), that
end a text early (NUL), or that control a terminal (escape sequences). Clean texts when they come in
or go out, not in between: sources in `grading.intake.notebooks`, outputs in
`grading.judging.outputs`, messages in `grading.judging.verdicts`, whole files in `grading.records`,
and use `shown` for what is printed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.markup import escape

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
MOST_NAMED = 10  # names in one sentence
# Commands to a terminal: "ESC [ … letter", "ESC ] … BEL", and the shorter forms. Each part of the
# pattern stops where another command begins, so that the search time is proportional to the text.
_COMMANDS = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[]P^_X]|[\x9d\x90\x9e\x9f\x98])[^\x07\x1b\x80-\x9f]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-Z\\^-~]"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
# Characters that reorder or hide the text next to them: embeddings, overrides and isolates.
_REORDERING = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
_LINE_ENDS = re.compile(r"\r\n?")


def clean(text: str) -> str:
    """Return a text as valid Unicode without control characters, except line breaks and tabs.

    The two halves of a surrogate pair become one character; half a pair alone becomes U+FFFD.
    Commands to a terminal and other control characters are removed.
    """
    if text.isascii() and text.isprintable():
        return text
    if _SURROGATE.search(text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if "\x1b" in text or not text.isascii():
        text = _COMMANDS.sub("", text)
    return _CONTROLS.sub("", _LINE_ENDS.sub("\n", text))


def in_order(text: str) -> bool:
    """Return whether a text contains no characters that reorder the text next to them."""
    return not _REORDERING.search(text)


def one_line(text: object) -> str:
    """Return a text in a form for tables and lists: cleaned, in one line, not reordered."""
    return " ".join(_REORDERING.sub("", clean(str(text))).split())


def listed(names: Sequence[str]) -> str:
    """Return names as a list for a sentence: the first ten, and how many more there are."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def shown(text: object) -> str:
    """Return a text for printing with rich: in one line, and brackets are not markup."""
    return escape(one_line(text))


def shown_lines(text: object) -> str:
    """Return a text of several lines, such as a log, for printing with rich."""
    return "\n".join(shown(line) for line in clean(str(text)).split("\n"))
