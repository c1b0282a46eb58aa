"""Made-up students: notebooks as a class would hand them in, for the demo and the tests."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from grading.judging.reference import reference_cells
from grading.paths import ROOT
from helpers.lessons import Lesson

MadeUpStudent = Callable[[Lesson, NotebookNode, NotebookNode], NotebookNode]
"""Takes a lesson, its release and its solution notebook; returns what the student hands in."""


def reference(lesson: Lesson, release: NotebookNode, solution: NotebookNode) -> NotebookNode:
    """Hand in the course's own answers."""
    answers = {cell.id: cell.source for cell in solution.cells if cell.id in lesson.exercises}
    return with_answers(release, answers)


def blank(lesson: Lesson, release: NotebookNode, solution: NotebookNode) -> NotebookNode:
    """Hand in the release as it is."""
    return copy.deepcopy(release)


def half_right(lesson: Lesson, release: NotebookNode, solution: NotebookNode) -> NotebookNode:
    """Answer every other exercise wrongly, in the way of the first of its wrong variants."""
    answers = {cell.id: cell.source for cell in solution.cells if cell.id in lesson.exercises}
    answers |= variants(lesson, "wrong", answered_wrongly(lesson))
    return with_answers(release, answers)


def answered_wrongly(lesson: Lesson) -> list[str]:
    """Return every other exercise; an answer that trains is one of them, since training is long."""
    return list(lesson.exercises)[0 if lesson.answer_trains else 1 :: 2]


def stripped(lesson: Lesson, release: NotebookNode, solution: NotebookNode) -> NotebookNode:
    """Hand in right answers, trained quickly, from an editor that drops all metadata and ids."""
    notebook = reference(lesson, release, without_training(lesson, solution))
    notebook.metadata = NotebookNode()
    notebook.nbformat_minor = 0
    for cell in notebook.cells:
        cell.metadata = NotebookNode()
        cell.pop("id", None)
    return notebook


def without_training(lesson: Lesson, solution: NotebookNode) -> NotebookNode:
    """Return a solution in which right variants stand for the answers that train for minutes."""
    if not lesson.answer_trains:
        return solution
    functions = set(reference_cells(solution))
    trained = [name for name in lesson.exercises if name not in functions]
    return with_answers(solution, variants(lesson, "right", trained))


def variants(lesson: Lesson, kind: str, exercises: Iterable[str]) -> dict[str, str]:
    """Return the first variant of a kind, right or wrong, of each exercise that has one."""
    found = {}
    for exercise in exercises:
        folder = ROOT / "solutions" / lesson.name / "variants" / exercise
        for path in sorted(folder.glob(f"{kind}_*.py"))[:1]:
            found[exercise] = path.read_text()
    return found


CLASS: dict[str, MadeUpStudent] = {
    "reference": reference,
    "blank": blank,
    "half-right": half_right,
    "stripped": stripped,
}


def with_answers(release: NotebookNode, answers: dict[str, str]) -> NotebookNode:
    """Return a copy of a release with these cells' sources."""
    notebook = copy.deepcopy(release)
    for cell in notebook.cells:
        cell.source = answers.get(cell.id, cell.source)
    return notebook


def submit(notebook: NotebookNode, lesson: Lesson, student: str, course: Path) -> None:
    """Put a notebook where nbgrader looks for a student's submission."""
    path = course / "submitted" / student / lesson.name / f"{lesson.name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
