"""Clean what a student wrote before it goes into a file or onto a screen.

A notebook may hold what no file in UTF-8 can (half of a surrogate pair), what ends a text early
(NUL), and what steers a terminal (escape sequences). Clean texts where they come in or go out, not
in between: sources in `grading.intake.notebooks`, outputs in `grading.judging.outputs`, messages in
`grading.judging.verdicts`, whole files in `grading.records`, and what is printed with `shown`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.markup import escape

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
MOST_NAMED = 10  # names in one sentence
# What a terminal takes for a command: "ESC [ … letter", "ESC ] … BEL", and the shorter forms. Every
# part stops where another one begins, so that the time to search grows no faster than the text.
_COMMANDS = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[]P^_X]|[\x9d\x90\x9e\x9f\x98])[^\x07\x1b\x80-\x9f]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-Z\\^-~]"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
# Characters that reorder or hide what stands beside them: embeddings, overrides and isolates.
_REORDERING = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
_LINE_ENDS = re.compile(r"\r\n?")


def clean(text: str) -> str:
    """Return a text as valid Unicode without control characters other than ends of line and tabs.

    Two halves of a surrogate pair become the character that they stand for, half a pair alone
    becomes U+FFFD. A terminal's commands and other control characters are left out.
    """
    if text.isascii() and text.isprintable():
        return text
    if _SURROGATE.search(text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if "\x1b" in text or not text.isascii():
        text = _COMMANDS.sub("", text)
    return _CONTROLS.sub("", _LINE_ENDS.sub("\n", text))


def in_order(text: str) -> bool:
    """Return whether a text holds none of the characters that reorder what stands beside them."""
    return not _REORDERING.search(text)


def one_line(text: object) -> str:
    """Return a text as it may be shown in a table or a list: cleaned, in one line, in order."""
    return " ".join(_REORDERING.sub("", clean(str(text))).split())


def listed(names: Sequence[str]) -> str:
    """Return some names as a sentence lists them: the first ten, and how many more there are."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def shown(text: object) -> str:
    """Return a text as rich prints it: in one line, and brackets in it are no markup."""
    return escape(one_line(text))


def shown_lines(text: object) -> str:
    """Return a text of several lines, such as a log, as rich prints it."""
    return "\n".join(shown(line) for line in clean(str(text)).split("\n"))
