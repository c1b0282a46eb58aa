"""Answers end the same across the sandbox's border as `test_answers.py` proves without it."""

import pytest
from answers import auto_graded, lesson_under_test, variants

from grading.build import source_notebook
from grading.reference import imports_of, reference_cells
from grading.sandbox import Limits, find_bubblewrap
from grading.session import AnswerKey, Run, verdict_of
from helpers.lessons import LESSONS

# Everything that a test may send or be sent is in the first of each kind; the others cost minutes.
CHOSEN = 1


@pytest.mark.slow
@pytest.mark.skipif(not find_bubblewrap(), reason="no bubblewrap works here")
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_verdicts_do_not_depend_on_the_border(lesson):
    solution = source_notebook(lesson)
    key = AnswerKey(lesson_under_test(lesson.name).tests, solution)
    run = Run("bubblewrap", Limits(), seed=0)
    surprises = []

    def expect(exercise, what, source, statuses):
        run.cell(source, exercise)
        verdict = verdict_of(run, exercise, 1.0, key)
        # A student whose answer is wrong is told more than that it is.
        silent = verdict.status != "passed" and not verdict.message
        if verdict.status not in statuses or silent:
            surprises.append(f"{what}: {verdict.text}")

    try:
        for verdict, statuses in (("right", {"passed"}), ("wrong", {"failed", "error"})):
            for exercise in auto_graded(lesson):
                mine = [path for path in variants(lesson, verdict) if path.parent.name == exercise]
                for path in mine[:CHOSEN]:
                    expect(exercise, path.stem, path.read_text(), statuses)
        code = (cell.source for cell in solution.cells if cell.cell_type == "code")
        run.cell("\n".join(map(imports_of, code)))
        for exercise, source in reference_cells(solution).items():
            if exercise in auto_graded(lesson):
                expect(exercise, "the reference", source, {"passed"})
    finally:
        run.close()
    assert not surprises, "\n".join(surprises)
