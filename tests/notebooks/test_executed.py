"""Every notebook runs from top to bottom: nbval's tests of them, which run beside the others."""

import pytest
from execute_all import outcome

from helpers.lessons import LESSONS


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_a_notebook_runs_from_top_to_bottom(lesson, executed):
    """`executed` is the folder of what has become of them; it comes with --notebooks."""
    status, printed = outcome(lesson.name, executed)
    assert status == 0, printed[-8000:]
