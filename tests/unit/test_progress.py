"""What a teacher sees while a class is graded: how many are done, and a realistic time left."""

import io
import time

from rich.console import Console

from grading.batch.assignment import _shown
from grading.steps.outcomes import REFUSED, SUCCESS, Outcome

STUDENTS = 10
MINUTES = 2


def test_time_left_is_estimated_from_the_speed_so_far():
    now, screen = 0.0, io.StringIO()
    shown = []

    def grading():
        nonlocal now
        now += 30 * 60  # a slow start does not show how long a submission takes
        for number in range(STUDENTS):
            now += MINUTES * 60
            yield ("lesson", f"student-{number}"), SUCCESS
            time.sleep(0.25)  # the screen is drawn ten times a second
            shown.append(screen.getvalue())

    console = Console(
        file=screen, force_terminal=True, color_system=None, width=99, get_time=lambda: now
    )
    assert _shown(grading(), STUDENTS, console) == {}
    first, fifth = shown[0], shown[4]
    assert "1/10" in first
    assert "left: -:--:--" in first  # nothing to estimate it from yet
    assert "5/10" in fifth
    assert f"left: 0:{MINUTES * 5:02}:00" in fifth
    assert "10/10" in screen.getvalue()


def test_problems_are_listed_by_student():
    refused = Outcome(REFUSED, "No notebook was handed in.")
    graded = (task for task in [(("lesson", "ada"), SUCCESS), (("lesson", "bob"), refused)])
    assert _shown(graded, 2, Console(file=io.StringIO())) == {"bob": refused}
