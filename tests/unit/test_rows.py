"""A row of attacks counts as survived only if all tests of it have been run."""

import re
from types import SimpleNamespace

import pytest
import rows
from attacks import rows_of_table

from benchmarks import record
from grading.paths import ROOT

FOLDER = ROOT / "tests" / "security"


@pytest.fixture
def written(monkeypatch):
    """Collect what would be written into the record and into the docs."""
    found = []
    monkeypatch.setattr(rows, "prove", lambda figures, test: found.append((test, figures)))
    monkeypatch.setattr(rows, "put_into", lambda page, part, text: found.append((part, text)))
    return found


def session_of(outcomes):
    """Return a session with these test results: row, file, "passed", "failed" or "skipped"."""
    session = SimpleNamespace(stash={})
    for row, path, outcome in outcomes:
        function = SimpleNamespace(__doc__=f"Row {row}: something.")
        item = SimpleNamespace(session=session, path=path, function=function)
        flags = {name: outcome == name for name in ("passed", "failed", "skipped")}
        rows.note(item, SimpleNamespace(when="call", **flags))
    return session


def all_rows():
    return [(row, FOLDER / "test_attacks.py", "passed") for row in rows_of_table()]


def in_browser(outcome):
    return (28, ROOT / rows.IN_BROWSER, outcome)


def survived(written):
    ((test, figures), (part, text)) = written
    assert (test, part) == (rows.COUNTED.removeprefix("python -m pytest "), "counted")
    assert "Row 28 was opened in a browser as well" in text
    return figures["grading.attacks_survived"].value


def test_all_rows_with_a_browser_are_counted(written):
    rows.write_count(session_of([*all_rows(), in_browser("passed")]))
    assert survived(written) == len(rows_of_table())


def test_a_failure_in_a_browser_makes_its_row_fail(written):
    rows.write_count(session_of([*all_rows(), in_browser("failed")]))
    assert survived(written) == len(rows_of_table()) - 1


@pytest.mark.parametrize("seen", [[], [in_browser("skipped")]], ids=["not run", "skipped"])
def test_without_a_browser_nothing_is_counted(written, seen):
    rows.write_count(session_of([*all_rows(), *seen]))
    assert written == []


def test_a_row_that_was_not_run_leaves_the_count_as_it_was(written):
    rows.write_count(session_of([*all_rows()[1:], in_browser("passed")]))
    assert written == []


def test_the_page_says_below_the_table_what_the_figure_counts():
    command = record.read()["figures"]["grading.attacks_survived"]["command"]
    page = rows.DOCS.read_text()
    counted = re.search("<!-- counted: begin -->\n(.*)\n<!-- counted: end -->", page)
    assert counted[1] == rows.what_is_counted(command)
