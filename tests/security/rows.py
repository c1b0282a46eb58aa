"""Count how many rows of docs/security.md hold, from the tests that are about them.

Row 28 is about a browser, so its tests in `tests/browser` are counted, too.
"""

from __future__ import annotations

import re

import pytest
from attacks import rows_of_table

from benchmarks.record import Figure, prove, put_into
from grading.paths import ROOT

IN_BROWSER = "tests/browser/test_live_html.py"
COUNTED = f"python -m pytest tests/security {IN_BROWSER}"
DOCS = ROOT / "docs" / "security.md"
ENDED = pytest.StashKey[dict[int, bool]]()
"""Whether all tests of a row have passed so far."""
OPENED = pytest.StashKey[bool]()
"""Whether a test of row 28 has been run in a browser."""


def rows_of_test(item: pytest.Item) -> set[int]:
    """Return the rows that a test is about: its attack's row, or those that its docstring names."""
    callspec = getattr(item, "callspec", None)
    attack = callspec and callspec.params.get("attack")
    if attack:
        return {attack.row}
    return {int(number) for number in re.findall(r"\bRow (\d+)[.:]", item.function.__doc__ or "")}


def note(item: pytest.Item, report: pytest.TestReport) -> None:
    """Record how a test has ended. A skipped test gives no information about its row."""
    if (report.when == "call" and not report.skipped) or report.failed:
        ended = item.session.stash.setdefault(ENDED, {})
        for row in rows_of_test(item):
            ended[row] = ended.get(row, True) and report.passed
        if item.path == ROOT / IN_BROWSER:
            item.session.stash[OPENED] = True


def write_count(session: pytest.Session) -> None:
    """If all tests were run, record how many rows hold, and write below the table how."""
    ended = session.stash.get(ENDED, {})
    if ended.keys() == rows_of_table() and session.stash.get(OPENED, False):
        counts = {"total": len(ended), "survived": sum(ended.values())}
        figures = {
            f"grading.attacks_{name}": Figure(count, "count", len(ended), "embedded")
            for name, count in counts.items()
        }
        prove(figures, COUNTED.removeprefix("python -m pytest "))
        put_into(DOCS, "counted", what_is_counted(COUNTED))


def what_is_counted(command: str) -> str:
    """Return how README's figure of attacks survived was counted, and by which command."""
    browser = (
        f"Row 28 was opened in a browser as well (`{IN_BROWSER}`)."
        if IN_BROWSER in command
        else "Row 28 was counted without its tests in a browser "
        f"(`{IN_BROWSER}`), which `make test` runs, too."
    )
    return (
        "README's *kinds of attacks tried* are the rows of this table, and those *survived by this "
        "grader* are the rows of which every test passed in one run, on cold and on warm kernels. "
        f"That figure comes from `{command}`. {browser}"
    )
