"""The small course that tests attack, interrupt and send to workers; released once for all.

A run of all tests records how many rows of docs/security.md hold: see `rows.py`.
"""

import pytest
import rows
import small_course

from grading.judging.session import AnswerKey
from grading.judging.testing import load_tests
from grading.steps.run_nbgrader import nbgrader_api

# nbgrader reads its settings from a path, and they name the steps that these tests attack.
DEPENDS_ON = ("nbgrader_config.py", "grading/steps/nbgrader_config.py")


@pytest.fixture(scope="session")
def released(tmp_path_factory):
    """Return a course folder with its release; tests work on copies of it."""
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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    rows.note(item, report)
    return report


def pytest_sessionfinish(session):
    rows.write_count(session)
