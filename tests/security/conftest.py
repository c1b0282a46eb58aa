"""The small course that is attacked, killed and sent away, released once for all tests.

A run of all tests of this folder writes how many rows of docs/security.md hold.
"""

import re

import pytest
import small_course
from attacks import rows_of_table

from benchmarks.record import Figure, prove
from grading.judging.session import AnswerKey
from grading.judging.testing import load_tests
from grading.steps.run_nbgrader import nbgrader_api

# nbgrader reads its settings by a path, and they name the steps that these tests attack.
DEPENDS_ON = ("nbgrader_config.py", "grading/steps/nbgrader_config.py")
ENDED = pytest.StashKey[dict[int, bool]]()
"""Whether all tests of a row have passed so far."""


@pytest.fixture(scope="session")
def released(tmp_path_factory):
    """Return a course folder with its release made; tests take a copy."""
    folder = tmp_path_factory.mktemp("released")
    small_course.write_course(folder)
    result = nbgrader_api(folder).generate_assignment(small_course.NAME)
    assert result["success"], result
    return folder


@pytest.fixture(scope="session")
def key(tmp_path_factory):
    """Return the hidden tests and answers of the small course."""
    path = tmp_path_factory.mktemp("tests") / "hidden_tests.py"
    path.write_text(small_course.HIDDEN_TESTS)
    return AnswerKey(load_tests(path), small_course.solution())


def rows_of_test(item):
    """Return the rows that a test is about: its attack's, or those that its docstring names."""
    callspec = getattr(item, "callspec", None)
    attack = callspec and callspec.params.get("attack")
    if attack:
        return {attack.row}
    return {int(number) for number in re.findall(r"\bRow (\d+)[.:]", item.function.__doc__ or "")}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    # A test that was skipped says nothing of its row.
    if report.when == "call" or report.failed:
        ended = item.session.stash.setdefault(ENDED, {})
        for row in rows_of_test(item):
            ended[row] = ended.get(row, True) and report.passed
    return report


def pytest_sessionfinish(session):
    ended = session.stash.get(ENDED, {})
    if ended.keys() == rows_of_table():
        counts = {"total": len(ended), "survived": sum(ended.values())}
        figures = {
            f"grading.attacks_{name}": Figure(count, "count", len(ended), "embedded")
            for name, count in counts.items()
        }
        prove(figures, "tests/security")
