"""Every notebook runs from top to bottom: nbval tests them while the other tests are running."""

import re

import pytest
from execute_all import FOUR, SHORT, outcome

import helpers.masked
import helpers.recipes
import helpers.training
from helpers.lessons import LESSONS


@pytest.mark.parametrize(
    "lesson",
    [lesson for lesson in LESSONS if lesson != FOUR],
    ids=lambda lesson: lesson.name,
)
def test_a_notebook_runs_from_top_to_bottom(lesson, executed):
    """`executed` is the folder with the results of the notebooks; it requires --notebooks."""
    status, printed = outcome(lesson.name, executed)
    assert status == 0, printed[-8000:]


def test_functions_that_short_trainings_replace_exist():
    """Otherwise the weights of a short training would be stored as those of a complete one."""
    replaced = re.findall(r"^helpers\.(\w+)\.(\w+) = ", SHORT, re.MULTILINE)
    assert len(replaced) == 3
    for module, name in replaced:
        assert callable(getattr(getattr(helpers, module), name, None)), f"{module}.{name}"
