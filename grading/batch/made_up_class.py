"""Made-up students: notebooks such as a class might hand in, for the demo and the tests."""

from __future__ import annotations

import copy
import functools
import random
from collections.abc import Callable, Iterable
from itertools import dropwhile
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook

from grading.judging.reference import reference_cells
from grading.paths import ROOT
from grading.settings import course_directory
from helpers.lessons import Lesson

MadeUpStudent = Callable[[Lesson, NotebookNode, NotebookNode], NotebookNode]
"""Takes a lesson, its release and its solution notebook; returns what the student hands in."""
TRAINED = "emotion_predictions"
"""The exercise whose reference answer trains a model for minutes."""
NAMES = (
    *("ada", "chen", "deniz", "elif", "farid", "grace", "hana"),
    *("inés", "jonas", "kofi", "lucía", "mei", "noor", "Ольга"),
)
CUT_OFF, ABSENT = "cut-off", "absent"


def reference(lesson: Lesson, release: NotebookNode, solution: NotebookNode) -> NotebookNode:
    """Hand in the course's own answers."""
    answers = {cell.id: cell.source for cell in solution.cells if cell.id in lesson.exercises}
    return with_answers(release, answers)


def blank(lesson: Lesson, release: NotebookNode, solution: NotebookNode) -> NotebookNode:
    """Hand in the release as it is."""
    return copy.deepcopy(release)


def half_right(lesson: Lesson, release: NotebookNode, solution: NotebookNode) -> NotebookNode:
    """Answer every second exercise wrongly, with the first of its wrong variants."""
    answers = {cell.id: cell.source for cell in solution.cells if cell.id in lesson.exercises}
    answers |= variants(lesson, "wrong", answered_wrongly(lesson))
    return with_answers(release, answers)


def answered_wrongly(lesson: Lesson) -> list[str]:
    """Return every second exercise, including the one whose answer trains, which takes long."""
    exercises = list(lesson.exercises)
    first = exercises.index(TRAINED) % 2 if lesson.answer_trains else 1
    return exercises[first::2]


def stripped(lesson: Lesson, release: NotebookNode, solution: NotebookNode) -> NotebookNode:
    """Hand in right answers that train quickly, from an editor that drops all metadata and ids."""
    notebook = reference(lesson, release, without_training(lesson, solution))
    notebook.metadata = NotebookNode()
    notebook.nbformat_minor = 0
    for cell in notebook.cells:
        cell.metadata = NotebookNode()
        cell.pop("id", None)
    return notebook


def without_training(lesson: Lesson, solution: NotebookNode) -> NotebookNode:
    """Return a solution in which right variants replace the answers that train for minutes."""
    if not lesson.answer_trains:
        return solution
    functions = set(reference_cells(solution))
    trained = [name for name in lesson.exercises if name not in functions]
    return with_answers(solution, variants(lesson, "right", trained))


def variants(lesson: Lesson, kind: str, exercises: Iterable[str]) -> dict[str, str]:
    """Return the first variant of a kind, right or wrong, of each exercise that has one."""
    found = {exercise: known_answers(lesson, exercise, kind)[:1] for exercise in exercises}
    return {exercise: first for exercise, answers in found.items() for first in answers}


def known_answers(lesson: Lesson, exercise: str, kind: str) -> list[str]:
    """Return all variants of an exercise of one kind, without the comment at the top."""
    folder = ROOT / "solutions" / lesson.name / "variants" / exercise
    texts = [path.read_text().splitlines() for path in sorted(folder.glob(f"{kind}_*.py"))]
    answers = (dropwhile(lambda line: line.startswith("#"), lines) for lines in texts)
    return ["\n".join(lines).strip() for lines in answers]


CLASS: dict[str, MadeUpStudent] = {
    "reference": reference,
    "blank": blank,
    "half-right": half_right,
    "stripped": stripped,
}


def mixed(
    name: str, skill: float, lesson: Lesson, release: NotebookNode, solution: NotebookNode
) -> NotebookNode:
    """Hand in some of the known answers, right and wrong, always the same for the same name.

    Parameters
    ----------
    name : str
    skill : float
        From 0 to 1: the higher, the more answers are right. Exercises with more points are harder.
    lesson, release, solution
        As for every `MadeUpStudent`.
    """
    chance = random.Random(f"{name}, lesson {lesson.number}")
    own = {cell.id: cell.source for cell in solution.cells}
    answers = {}
    for exercise, points in lesson.exercises.items():
        drawn, right = chance.random(), chance.random() < skill + 0.4 - 0.1 * points
        known = known_answers(lesson, exercise, "right" if right else "wrong")
        if drawn < 0.4 * (1 - skill):
            continue  # the stub stays as it is
        answer = chance.choice(known) if known else own[exercise]  # one in writing
        # A misspelt word, which is a syntax error.
        answers[exercise] = answer.replace("return ", "returns ") if drawn > 0.96 else answer
    return with_answers(release, answers)


LARGE_CLASS: dict[str, MadeUpStudent] = CLASS | {
    name: functools.partial(mixed, name, 0.25 + 0.75 * (5 * place % len(NAMES)) / len(NAMES))
    for place, name in enumerate(NAMES)
}
"""Eighteen students; with `CUT_OFF` (a damaged file) and `ABSENT` (hands in nothing) twenty."""


def with_answers(release: NotebookNode, answers: dict[str, str]) -> NotebookNode:
    """Return a copy of a release in which these cells have new sources."""
    notebook = copy.deepcopy(release)
    for cell in notebook.cells:
        cell.source = answers.get(cell.id, cell.source)
    return notebook


def submit(notebook: NotebookNode, lesson: Lesson, student: str, course: Path) -> None:
    """Put a notebook where nbgrader looks for a student's submission."""
    path = course / "submitted" / student / lesson.name / f"{lesson.name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)


def enrol(students: Iterable[str], course: Path) -> None:
    """Put students into the gradebook, so that those who hand in nothing are known."""
    directory = course_directory(course)
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        for student in students:
            gradebook.update_or_create_student(student)


def submit_cut_off(notebook: NotebookNode, lesson: Lesson, course: Path) -> None:
    """Hand in the first half of a file, as after an upload that broke off."""
    submit(notebook, lesson, CUT_OFF, course)
    path = course / "submitted" / CUT_OFF / lesson.name / f"{lesson.name}.ipynb"
    text = path.read_text()
    path.write_text(text[: len(text) // 2])
