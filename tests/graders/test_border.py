"""Answers end the same across the sandbox's border as `test_answers.py` proves without it."""

import pytest
from answers import auto_graded, lesson_under_test, variants

from grading.build import source_notebook
from grading.inside.questions import answer_question
from grading.reference import imports_of, reference_cells
from grading.sandbox import Limits, find_bubblewrap
from grading.session import AnswerKey, Run, verdict_of
from helpers.lessons import LESSONS

STATUSES = {"right": {"passed"}, "wrong": {"failed", "error"}}


def chosen(lesson):
    """Return the first right and the first wrong variant of each exercise, with their statuses."""
    return [
        (next(path for path in variants(lesson, verdict) if path.parent.name == exercise), statuses)
        for verdict, statuses in STATUSES.items()
        for exercise in auto_graded(lesson)
    ]


def surprise(verdict, what, statuses):
    """Return what is not as it should be, or nothing."""
    # A student whose answer is wrong is told more than that it is.
    silent = verdict.status != "passed" and not verdict.message
    return [f"{what}: {verdict.text}"] if verdict.status not in statuses or silent else []


class ThisProcess:
    """A run of `grading.session` whose box is this process: the wire without the walls."""

    limits, seed, deaths, errors = Limits(), 0, {}, {}

    def __init__(self, namespace):
        self.namespace = namespace

    def seconds_left(self):
        return 1000.0

    def next_seed(self):
        return 1

    def box(self):
        return self

    def ask(self, question, seconds):
        return answer_question(question, self.namespace)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_verdicts_do_not_depend_on_the_wire(lesson):
    """Hidden tests send and get nothing but plain data and stand-ins."""
    tried = lesson_under_test(lesson.name)
    solution = source_notebook(lesson)
    key = AnswerKey(tried.tests, solution)
    answers = [
        (path.parent.name, path.stem, tried.variant(path), statuses)
        for path, statuses in chosen(lesson)
    ]
    answers += [
        (exercise, "the reference", tried.reference(exercise), {"passed"})
        for exercise in auto_graded(lesson)
        if exercise in reference_cells(solution)
    ]
    surprises = []
    for exercise, what, namespace, statuses in answers:
        verdict = verdict_of(ThisProcess(namespace), exercise, 1.0, key)
        surprises += surprise(verdict, f"{exercise}, {what}", statuses)
    assert not surprises, "\n".join(surprises)


@pytest.mark.slow
@pytest.mark.skipif(not find_bubblewrap(), reason="no bubblewrap works here")
@pytest.mark.parametrize("lesson", LESSONS[:2], ids=lambda lesson: lesson.name)
def test_verdicts_do_not_depend_on_the_sandbox(lesson):
    solution = source_notebook(lesson)
    key = AnswerKey(lesson_under_test(lesson.name).tests, solution)
    run = Run("bubblewrap", Limits(), seed=0)
    surprises = []

    def expect(exercise, what, source, statuses):
        run.cell(source, exercise)
        verdict = verdict_of(run, exercise, 1.0, key)
        surprises.extend(surprise(verdict, f"{exercise}, {what}", statuses))

    try:
        for path, statuses in chosen(lesson):
            expect(path.parent.name, path.stem, path.read_text(), statuses)
        code = (cell.source for cell in solution.cells if cell.cell_type == "code")
        run.cell("\n".join(map(imports_of, code)))
        for exercise, source in reference_cells(solution).items():
            if exercise in auto_graded(lesson):
                expect(exercise, "the reference", source, {"passed"})
    finally:
        run.close()
    assert not surprises, "\n".join(surprises)
