"""In every exercise, the reference passes in this process, and the untouched stub does not."""

import functools
import time

import pytest
import requests

from grading.judging.reference import reference_cells, run_cell
from grading.judging.testing import Answer, AnswerError, load_tests, run_test
from grading.paths import hidden_tests_path
from grading.release.build import release_notebook
from grading.release.source import source_notebook
from helpers.checks.core import run_check
from helpers.lessons import LESSONS, lesson_named

EXERCISES = [
    (lesson, exercise)
    for lesson in LESSONS
    for exercise in lesson.exercises
    if not exercise.startswith("written_")
]
each_exercise = pytest.mark.parametrize(
    ("lesson", "exercise"),
    [pytest.param(lesson.name, exercise, id=exercise) for lesson, exercise in EXERCISES],
)


def marks(lesson, exercise):
    """The answer of a variable may train for minutes; the lesson's notebook computes it, too."""
    trains = lesson.answer_trains and exercise not in reference_cells(source_notebook(lesson))
    return pytest.mark.training if trains else ()


@functools.cache
def lesson_under_test(name):
    """Return a lesson's solution, its release, and its hidden tests."""
    lesson = lesson_named(name)
    solution = source_notebook(lesson)
    return solution, release_notebook(lesson, solution), load_tests(hidden_tests_path(lesson))


@pytest.mark.parametrize(
    ("lesson", "exercise"),
    [pytest.param(one.name, name, id=name, marks=marks(one, name)) for one, name in EXERCISES],
)
def test_reference_passes_both_tests(lesson, exercise):
    solution, _, tests = lesson_under_test(lesson)
    reference = run_cell(solution, exercise)
    assert run_test(tests[exercise], Answer(reference[exercise]), seed=0) == 1.0
    assert run_check(exercise, reference).status == "passed"


@each_exercise
def test_untouched_stub_is_not_attempted(lesson, exercise):
    _, release, tests = lesson_under_test(lesson)
    stub = run_cell(release, exercise)
    assert run_check(exercise, stub).status == "not attempted"
    # The stub of a variable raises as soon as it is run, so there is nothing to ask.
    if exercise in stub:
        with pytest.raises(AnswerError, match="NotImplementedError"):
            run_test(tests[exercise], Answer(stub[exercise]), seed=0)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), (" 7 \t", 7.0), ("-5", 0.25), ("nan", 0.25), ("inf", 0.25), ("2.5", 0.25)],
)
def test_query_waits_for_digits_alone(header, seconds, monkeypatch):
    """The exercise leaves other values open, but `time.sleep` refuses negative numbers."""
    busy, done = requests.Response(), requests.Response()
    busy.status_code, busy._content = 503, b'{"estimated_time": 0.25}'
    busy.headers["Retry-After"] = header
    done.status_code, done._content = 200, b"[]"
    replies, slept = [busy, done], []
    monkeypatch.setattr(requests, "post", lambda *_, **__: replies.pop(0))
    monkeypatch.setattr(time, "sleep", slept.append)
    solution, _, _ = lesson_under_test("06_deployment")
    assert run_cell(solution, "query")["query"](["a"], "http://nobody.example") == []
    assert slept == [seconds]
