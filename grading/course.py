"""nbgrader's steps over a course folder: release, autograde, feedback, gradebook."""

from __future__ import annotations

import concurrent.futures
import logging
import multiprocessing
import os
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from nbgrader.api import Gradebook, SubmittedAssignment
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SAWarning

from grading.build import nbgrader_config
from grading.paths import solution_path
from helpers.lessons import LESSONS, Lesson

Task = tuple[str, str]
"""A lesson's name and a student's."""


class GradingError(RuntimeError):
    """One of nbgrader's steps failed; the text is its log."""


def nbgrader_api(course: Path) -> NbGraderAPI:
    """Return nbgrader's interface to the course in a folder, with this repository's settings."""
    config = nbgrader_config()
    config.CourseDirectory.root = str(course.resolve())
    api = NbGraderAPI(CourseDirectory(config=config), config=config)
    api.log_level = logging.WARNING
    return api


def release(lessons: list[Lesson], course: Path) -> None:
    """Generate the assignments of a course folder from the repository's solution notebooks."""
    api = nbgrader_api(course)
    for lesson in lessons:
        path = solution_path(lesson, course)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(solution_path(lesson), path)
        _checked(api.generate_assignment(lesson.name), f"the release of {lesson.name}")


def autograde(tasks: list[Task], course: Path, workers: int = 2) -> Iterator[Task]:
    """Grade submissions side by side and yield each as it is done.

    Raises
    ------
    GradingError
        If nbgrader could not grade one; those under way are finished first.
    """
    # A fresh interpreter a worker: nbgrader changes the working folder of its process.
    context = multiprocessing.get_context("spawn")
    threads = max(1, (os.cpu_count() or 1) // workers)
    pool = concurrent.futures.ProcessPoolExecutor(
        workers, mp_context=context, initializer=_share_processors, initargs=(threads,)
    )
    with pool:
        running = {pool.submit(_autograde_one, course, *task): task for task in tasks}
        for done in concurrent.futures.as_completed(running):
            done.result()
            yield running[done]


def _share_processors(threads: int) -> None:
    """Give each worker's kernel its share: more threads than processors wait for each other."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(threads)
    os.environ["NUMBA_NUM_THREADS"] = str(threads)


def _autograde_one(course: Path, lesson: str, student: str) -> None:
    # nbgrader adds rows in an order that SQLAlchemy remarks on, and that does no harm.
    warnings.simplefilter("ignore", SAWarning)
    result = nbgrader_api(course).autograde(lesson, student)
    _checked(result, f"{lesson} of {student}")


def generate_feedback(lesson: Lesson, course: Path) -> None:
    """Write the feedback pages of everyone who was graded."""
    result = nbgrader_api(course).generate_feedback(lesson.name)
    _checked(result, f"the feedback on {lesson.name}")


def _checked(result: dict, what: str) -> None:
    if not result["success"]:
        raise GradingError(f"{what}: {result.get('error') or ''}{result.get('log') or ''}")


def scores(course: Path) -> pd.DataFrame:
    """Return the gradebook, one row an exercise of a submission.

    Returns
    -------
    DataFrame
        Columns ``student``, ``lesson``, ``exercise``, ``score`` (NaN where a person has yet to
        grade), ``points``.
    """
    rows = []
    exercises = {name: lesson for lesson in LESSONS for name in lesson.exercises}
    with Gradebook(f"sqlite:///{course.resolve() / 'gradebook.db'}") as gradebook:
        for submission in gradebook.db.query(SubmittedAssignment).all():
            for grade in (grade for notebook in submission.notebooks for grade in notebook.grades):
                exercise = grade.name.removeprefix("test_")
                pending = grade.needs_manual_grade and grade.manual_score is None
                rows.append(
                    {
                        "student": submission.student.id,
                        "lesson": exercises[exercise].name,
                        "exercise": exercise,
                        "score": float("nan") if pending else grade.score,
                        "points": grade.max_score,
                    }
                )
    return pd.DataFrame(rows, columns=["student", "lesson", "exercise", "score", "points"])
